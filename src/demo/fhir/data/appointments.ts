import { plusDays } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { at, concept, priya } from './parts.ts';

/**
 * Two to come for Leo, one of them at a clinic whose name alone tells what care he has, before and after he turns 16;
 * one in the past for Aroha.
 */
export function appointments(today: string): readonly Resource[] {
  return [
    {
      resourceType: 'Appointment',
      id: 'ap-leo-1',
      status: 'booked',
      serviceType: [concept('Asthma review')],
      description: 'Yearly asthma review',
      start: at(plusDays(today, 6), '15:40'),
      end: at(plusDays(today, 6), '16:00'),
      participant: [
        { actor: { reference: 'Patient/p-leo' }, status: 'accepted' },
        { actor: priya, status: 'accepted' },
        { actor: { type: 'Location', display: 'Millbrook Surgery' }, status: 'accepted' },
      ],
    },
    {
      resourceType: 'Appointment',
      id: 'ap-leo-2',
      status: 'booked',
      serviceType: [concept('Counselling')],
      description: 'First conversation',
      start: at(plusDays(today, 27), '10:30'),
      end: at(plusDays(today, 27), '11:15'),
      participant: [
        { actor: { reference: 'Patient/p-leo' }, status: 'accepted' },
        {
          actor: { type: 'Location', display: "Fernhill Hospital, Young People's Mental Health Clinic" },
          status: 'accepted',
        },
      ],
    },
    {
      resourceType: 'Appointment',
      id: 'ap-aroha-1',
      status: 'fulfilled',
      serviceType: [concept('General practice')],
      description: 'Tiredness, blood test',
      start: at(plusDays(today, -36), '09:10'),
      end: at(plusDays(today, -36), '09:20'),
      participant: [
        { actor: { reference: 'Patient/p-aroha' }, status: 'accepted' },
        { actor: priya, status: 'accepted' },
        { actor: { type: 'Location', display: 'Millbrook Surgery' }, status: 'accepted' },
      ],
    },
  ];
}
