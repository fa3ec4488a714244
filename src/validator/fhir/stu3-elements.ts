/** Elements that every resource has. */
const common = 'resourceType id meta implicitRules language';

/** Those of a resource that may be shown to people: all but three types. */
const ofDomain = 'text contained extension modifierExtension';
const plain: readonly string[] = ['Binary', 'Bundle', 'Parameters'];

/** Every resource type of FHIR STU3 (3.0.2) with the elements that are its own. */
const table = `
  Account: identifier status type name subject period active balance coverage owner description guarantor
  ActivityDefinition: url identifier version name title status experimental date publisher description purpose usage
    approvalDate lastReviewDate effectivePeriod useContext jurisdiction topic contributor contact copyright
    relatedArtifact library kind code timingTiming timingDateTime timingPeriod timingRange location participant
    productReference productCodeableConcept quantity dosage bodySite transform dynamicValue
  AdverseEvent: identifier category type subject date reaction location seriousness outcome recorder
    eventParticipant description suspectEntity subjectMedicalHistory referenceDocument study
  AllergyIntolerance: identifier clinicalStatus verificationStatus type category criticality code patient
    onsetDateTime onsetAge onsetPeriod onsetRange onsetString assertedDate recorder asserter lastOccurrence note
    reaction
  Appointment: identifier status serviceCategory serviceType specialty appointmentType reason indication priority
    description supportingInformation start end minutesDuration slot created comment incomingReferral participant
    requestedPeriod
  AppointmentResponse: identifier appointment start end participantType actor participantStatus comment
  AuditEvent: type subtype action recorded outcome outcomeDesc purposeOfEvent agent source entity
  Basic: identifier code subject created author
  Binary: contentType securityContext content
  BodySite: identifier active code qualifier description image patient
  Bundle: identifier type total link entry signature
  CapabilityStatement: url version name title status experimental date publisher contact description useContext
    jurisdiction purpose copyright kind instantiates software implementation fhirVersion acceptUnknown format
    patchFormat implementationGuide profile rest messaging document
  CarePlan: identifier definition basedOn replaces partOf status intent category title description subject context
    period author careTeam addresses supportingInfo goal activity note
  CareTeam: identifier status category name subject context period participant reasonCode reasonReference
    managingOrganization note
  ChargeItem: identifier definition status partOf code subject context occurrenceDateTime occurrencePeriod
    occurrenceTiming participant performingOrganization requestingOrganization quantity bodysite factorOverride
    priceOverride overrideReason enterer enteredDate reason service account note supportingInformation
  Claim: identifier status type subType use patient billablePeriod created enterer insurer provider organization
    priority fundsReserve related prescription originalPrescription payee referral facility careTeam information
    diagnosis procedure insurance accident employmentImpacted hospitalization item total
  ClaimResponse: identifier status patient created insurer requestProvider requestOrganization request outcome
    disposition payeeType item addItem error totalCost unallocDeductable totalBenefit payment reserved form
    processNote communicationRequest insurance
  ClinicalImpression: identifier status code description subject context effectiveDateTime effectivePeriod date
    assessor previous problem investigation protocol summary finding prognosisCodeableConcept prognosisReference
    action note
  CodeSystem: url identifier version name title status experimental date publisher contact description useContext
    jurisdiction purpose copyright caseSensitive valueSet hierarchyMeaning compositional versionNeeded content count
    filter property concept
  Communication: identifier definition basedOn partOf status notDone notDoneReason category medium subject recipient
    topic context sent received sender reasonCode reasonReference payload note
  CommunicationRequest: identifier basedOn replaces groupIdentifier status category priority medium subject
    recipient topic context payload occurrenceDateTime occurrencePeriod authoredOn sender requester reasonCode
    reasonReference note
  CompartmentDefinition: url name title status experimental date publisher contact description purpose useContext
    jurisdiction code search resource
  Composition: identifier status type class subject encounter date author title confidentiality attester custodian
    relatesTo event section
  ConceptMap: url identifier version name title status experimental date publisher contact description useContext
    jurisdiction purpose copyright sourceUri sourceReference targetUri targetReference group
  Condition: identifier clinicalStatus verificationStatus category severity code bodySite subject context
    onsetDateTime onsetAge onsetPeriod onsetRange onsetString abatementDateTime abatementAge abatementBoolean
    abatementPeriod abatementRange abatementString assertedDate asserter stage evidence note
  Consent: identifier status category patient period dateTime consentingParty actor action organization
    sourceAttachment sourceIdentifier sourceReference policy policyRule securityLabel purpose dataPeriod data except
  Contract: identifier status issued applies subject topic authority domain type subType action actionReason
    decisionType contentDerivative securityLabel agent signer valuedItem term bindingAttachment bindingReference
    friendly legal rule
  Coverage: identifier status type policyHolder subscriber subscriberId beneficiary relationship period payor
    grouping dependent sequence order network contract
  DataElement: url identifier version status experimental date publisher name title contact useContext jurisdiction
    copyright stringency mapping element
  DetectedIssue: identifier status category severity patient date author implicated detail reference mitigation
  Device: identifier udi status type lotNumber manufacturer manufactureDate expirationDate model version patient
    owner contact location url note safety
  DeviceComponent: identifier type lastSystemChange source parent operationalStatus parameterGroup
    measurementPrinciple productionSpecification languageCode
  DeviceMetric: identifier type unit source parent operationalStatus color category measurementPeriod calibration
  DeviceRequest: identifier definition basedOn priorRequest groupIdentifier status intent priority codeReference
    codeCodeableConcept subject context occurrenceDateTime occurrencePeriod occurrenceTiming authoredOn requester
    performerType performer reasonCode reasonReference supportingInfo note relevantHistory
  DeviceUseStatement: identifier status subject whenUsed timingTiming timingPeriod timingDateTime recordedOn source
    device indication bodySite note
  DiagnosticReport: identifier basedOn status category code subject context effectiveDateTime effectivePeriod issued
    performer specimen result imagingStudy image conclusion codedDiagnosis presentedForm
  DocumentManifest: masterIdentifier identifier status type subject created author recipient source description
    content related
  DocumentReference: masterIdentifier identifier status docStatus type class subject created indexed author
    authenticator custodian relatesTo description securityLabel content context
  EligibilityRequest: identifier status priority patient servicedDate servicedPeriod created enterer provider
    organization insurer facility coverage businessArrangement benefitCategory benefitSubCategory
  EligibilityResponse: identifier status created requestProvider requestOrganization request outcome disposition
    insurer inforce insurance form error
  Encounter: identifier status statusHistory class classHistory type priority subject episodeOfCare incomingReferral
    participant appointment period length reason diagnosis account hospitalization location serviceProvider partOf
  Endpoint: identifier status connectionType name managingOrganization contact period payloadType payloadMimeType
    address header
  EnrollmentRequest: identifier status created insurer provider organization subject coverage
  EnrollmentResponse: identifier status request outcome disposition created organization requestProvider
    requestOrganization
  EpisodeOfCare: identifier status statusHistory type diagnosis patient managingOrganization period referralRequest
    careManager team account
  ExpansionProfile: url identifier version name status experimental date publisher contact description useContext
    jurisdiction fixedVersion excludedSystem includeDesignations designation includeDefinition activeOnly
    excludeNested excludeNotForUI excludePostCoordinated displayLanguage limitedExpansion
  ExplanationOfBenefit: identifier status type subType patient billablePeriod created enterer insurer provider
    organization referral facility claim claimResponse outcome disposition related prescription originalPrescription
    payee information careTeam diagnosis procedure precedence insurance accident employmentImpacted hospitalization
    item addItem totalCost unallocDeductable totalBenefit payment form processNote benefitBalance
  FamilyMemberHistory: identifier definition status notDone notDoneReason patient date name relationship gender
    bornPeriod bornDate bornString ageAge ageRange ageString estimatedAge deceasedBoolean deceasedAge deceasedRange
    deceasedDate deceasedString reasonCode reasonReference note condition
  Flag: identifier status category code subject period encounter author
  Goal: identifier status category priority description subject startDate startCodeableConcept target statusDate
    statusReason expressedBy addresses note outcomeCode outcomeReference
  GraphDefinition: url version name status experimental date publisher contact description useContext jurisdiction
    purpose start profile link
  Group: identifier active type actual code name quantity characteristic member
  GuidanceResponse: requestId identifier module status subject context occurrenceDateTime performer
    reasonCodeableConcept reasonReference note evaluationMessage outputParameters result dataRequirement
  HealthcareService: identifier active providedBy category type specialty location name comment extraDetails photo
    telecom coverageArea serviceProvisionCode eligibility eligibilityNote programName characteristic referralMethod
    appointmentRequired availableTime notAvailable availabilityExceptions endpoint
  ImagingManifest: identifier patient authoringTime author description study
  ImagingStudy: uid accession identifier availability modalityList patient context started basedOn referrer
    interpreter endpoint numberOfSeries numberOfInstances procedureReference procedureCode reason description series
  Immunization: identifier status notGiven vaccineCode patient encounter date primarySource reportOrigin location
    manufacturer lotNumber expirationDate site route doseQuantity practitioner note explanation reaction
    vaccinationProtocol
  ImmunizationRecommendation: identifier patient recommendation
  ImplementationGuide: url version name status experimental date publisher contact description useContext
    jurisdiction copyright fhirVersion dependency package global binary page
  Library: url identifier version name title status experimental type date publisher description purpose usage
    approvalDate lastReviewDate effectivePeriod useContext jurisdiction topic contributor contact copyright
    relatedArtifact parameter dataRequirement content
  Linkage: active author item
  List: identifier status mode title code subject encounter date source orderedBy note entry emptyReason
  Location: identifier status operationalStatus name alias description mode type telecom address physicalType
    position managingOrganization partOf endpoint
  Measure: url identifier version name title status experimental date publisher description purpose usage
    approvalDate lastReviewDate effectivePeriod useContext jurisdiction topic contributor contact copyright
    relatedArtifact library disclaimer scoring compositeScoring type riskAdjustment rateAggregation rationale
    clinicalRecommendationStatement improvementNotation definition guidance set group supplementalData
  MeasureReport: identifier status type measure patient date reportingOrganization period group evaluatedResources
  Media: identifier basedOn type subtype view subject context occurrenceDateTime occurrencePeriod operator
    reasonCode bodySite device height width frames duration content note
  Medication: code status isBrand isOverTheCounter manufacturer form ingredient package image
  MedicationAdministration: identifier definition partOf status category medicationCodeableConcept
    medicationReference subject context supportingInformation effectiveDateTime effectivePeriod performer notGiven
    reasonNotGiven reasonCode reasonReference prescription device note dosage eventHistory
  MedicationDispense: identifier partOf status category medicationCodeableConcept medicationReference subject
    context supportingInformation performer authorizingPrescription type quantity daysSupply whenPrepared
    whenHandedOver destination receiver note dosageInstruction substitution detectedIssue notDone
    notDoneReasonCodeableConcept notDoneReasonReference eventHistory
  MedicationRequest: identifier definition basedOn groupIdentifier status intent category priority
    medicationCodeableConcept medicationReference subject context supportingInformation authoredOn requester
    recorder reasonCode reasonReference note dosageInstruction dispenseRequest substitution priorPrescription
    detectedIssue eventHistory
  MedicationStatement: identifier basedOn partOf context status category medicationCodeableConcept
    medicationReference effectiveDateTime effectivePeriod dateAsserted informationSource subject derivedFrom taken
    reasonNotTaken reasonCode reasonReference note dosage
  MessageDefinition: url identifier version name title status experimental date publisher contact description
    useContext jurisdiction purpose copyright base parent replaces event category focus responseRequired
    allowedResponse
  MessageHeader: event destination receiver sender timestamp enterer author source responsible reason response focus
  NamingSystem: name status kind date publisher contact responsible type description useContext jurisdiction usage
    uniqueId replacedBy
  NutritionOrder: identifier status patient encounter dateTime orderer allergyIntolerance foodPreferenceModifier
    excludeFoodModifier oralDiet supplement enteralFormula
  Observation: identifier basedOn status category code subject context effectiveDateTime effectivePeriod issued
    performer valueQuantity valueCodeableConcept valueString valueBoolean valueRange valueRatio valueSampledData
    valueAttachment valueTime valueDateTime valuePeriod dataAbsentReason interpretation comment bodySite method
    specimen device referenceRange related component
  OperationDefinition: url version name status kind experimental date publisher contact description useContext
    jurisdiction purpose idempotent code comment base resource system type instance parameter overload
  OperationOutcome: issue
  Organization: identifier active type name alias telecom address partOf contact endpoint
  Parameters: parameter
  Patient: identifier active name telecom gender birthDate deceasedBoolean deceasedDateTime address maritalStatus
    multipleBirthBoolean multipleBirthInteger photo contact animal communication generalPractitioner
    managingOrganization link
  PaymentNotice: identifier status request response statusDate created target provider organization paymentStatus
  PaymentReconciliation: identifier status period created organization request outcome disposition requestProvider
    requestOrganization detail form total processNote
  Person: identifier name telecom gender birthDate address photo managingOrganization active link
  PlanDefinition: url identifier version name title type status experimental date publisher description purpose
    usage approvalDate lastReviewDate effectivePeriod useContext jurisdiction topic contributor contact copyright
    relatedArtifact library goal action
  Practitioner: identifier active name telecom address gender birthDate photo qualification communication
  PractitionerRole: identifier active period practitioner organization code specialty location healthcareService
    telecom availableTime notAvailable availabilityExceptions endpoint
  Procedure: identifier definition basedOn partOf status notDone notDoneReason category code subject context
    performedDateTime performedPeriod performer location reasonCode reasonReference bodySite outcome report
    complication complicationDetail followUp note focalDevice usedReference usedCode
  ProcedureRequest: identifier definition basedOn replaces requisition status intent priority doNotPerform category
    code subject context occurrenceDateTime occurrencePeriod occurrenceTiming asNeededBoolean
    asNeededCodeableConcept authoredOn requester performerType performer reasonCode reasonReference supportingInfo
    specimen bodySite note relevantHistory
  ProcessRequest: identifier status action target created provider organization request response nullify reference
    item include exclude period
  ProcessResponse: identifier status created organization request outcome disposition requestProvider
    requestOrganization form processNote error communicationRequest
  Provenance: target period recorded policy location reason activity agent entity signature
  Questionnaire: url identifier version name title status experimental date publisher description purpose
    approvalDate lastReviewDate effectivePeriod useContext jurisdiction contact copyright code subjectType item
  QuestionnaireResponse: identifier basedOn parent questionnaire status subject context authored author source item
  ReferralRequest: identifier definition basedOn replaces groupIdentifier status intent type priority
    serviceRequested subject context occurrenceDateTime occurrencePeriod authoredOn requester specialty recipient
    reasonCode reasonReference description supportingInfo note relevantHistory
  RelatedPerson: identifier active patient relationship name telecom gender birthDate address photo period
  RequestGroup: identifier definition basedOn replaces groupIdentifier status intent priority subject context
    authoredOn author reasonCodeableConcept reasonReference note action
  ResearchStudy: identifier title protocol partOf status category focus contact relatedArtifact keyword jurisdiction
    description enrollment period sponsor principalInvestigator site reasonStopped note arm
  ResearchSubject: identifier status period study individual assignedArm actualArm consent
  RiskAssessment: identifier basedOn parent status method code subject context occurrenceDateTime occurrencePeriod
    condition performer reasonCodeableConcept reasonReference basis prediction mitigation comment
  Schedule: identifier active serviceCategory serviceType specialty actor planningHorizon comment
  SearchParameter: url version name status experimental date publisher contact useContext jurisdiction purpose code
    base type derivedFrom description expression xpath xpathUsage target comparator modifier chain component
  Sequence: identifier type coordinateSystem patient specimen device performer quantity referenceSeq variant
    observedSeq quality readCoverage repository pointer
  ServiceDefinition: url identifier version name title status experimental date publisher description purpose usage
    approvalDate lastReviewDate effectivePeriod useContext jurisdiction topic contributor contact copyright
    relatedArtifact trigger dataRequirement operationDefinition
  Slot: identifier serviceCategory serviceType specialty appointmentType schedule status start end overbooked
    comment
  Specimen: identifier accessionIdentifier status type subject receivedTime parent request collection processing
    container note
  StructureDefinition: url identifier version name title status experimental date publisher contact description
    useContext jurisdiction purpose copyright keyword fhirVersion mapping kind abstract contextType context
    contextInvariant type baseDefinition derivation snapshot differential
  StructureMap: url identifier version name title status experimental date publisher contact description useContext
    jurisdiction purpose copyright structure import group
  Subscription: status contact end reason criteria error channel tag
  Substance: identifier status category code description instance ingredient
  SupplyDelivery: identifier basedOn partOf status patient type suppliedItem occurrenceDateTime occurrencePeriod
    occurrenceTiming supplier destination receiver
  SupplyRequest: identifier status category priority orderedItem occurrenceDateTime occurrencePeriod
    occurrenceTiming authoredOn requester supplier reasonCodeableConcept reasonReference deliverFrom deliverTo
  Task: identifier definitionUri definitionReference basedOn groupIdentifier partOf status statusReason
    businessStatus intent priority code description focus for context executionPeriod authoredOn lastModified
    requester performerType owner reason note relevantHistory restriction input output
  TestReport: identifier name status testScript result score tester issued participant setup test teardown
  TestScript: url identifier version name title status experimental date publisher contact description useContext
    jurisdiction purpose copyright origin destination metadata fixture profile variable rule ruleset setup test
    teardown
  ValueSet: url identifier version name title status experimental date publisher contact description useContext
    jurisdiction immutable purpose copyright extensible compose expansion
  VisionPrescription: identifier status patient encounter dateWritten prescriber reasonCodeableConcept
    reasonReference dispense
`;

/** The elements that a resource of each type of FHIR STU3 may have: any other type or element is no FHIR at all. */
export const stu3Elements: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  table
    .trim()
    .split(/\s+(?=[A-Z]\w*:)/)
    .map((row) => {
      const [type = '', own = ''] = row.split(': ');
      const names = `${common} ${plain.includes(type) ? '' : ofDomain} ${own}`;
      return [type, new Set(names.split(/\s+/))];
    }),
);
