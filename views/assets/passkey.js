/*
 * Forms that are answered by a passkey. They are hidden until this script has found that the browser can do it; it asks the
 * browser, puts the answer into the form's field `response`, and sends the form as any other. It knows no sentence: the form
 * brings them.
 */
(() => {
  const library = window.SimpleWebAuthnBrowser;
  if (!library?.browserSupportsWebAuthn()) return;

  const ask = { create: library.startRegistration, get: library.startAuthentication };

  /* Which of the form's sentences says what went wrong. */
  const sentenceOf = (error) => {
    if (error.name === 'NotAllowedError' || error.name === 'AbortError') return 'stopped';
    return error.name === 'InvalidStateError' ? 'exists' : 'failed';
  };

  /* Read out when it comes; until then nothing on the page is an alert. */
  const say = (place, sentence) => {
    const problem = document.createElement('p');
    problem.className = 'nhsuk-error-message';
    problem.setAttribute('role', 'alert');
    problem.textContent = sentence;
    place.replaceChildren(problem);
  };

  const prepare = (form) => {
    const answer = form.elements.namedItem('response');
    const problem = form.querySelector('[data-passkey-problem]');
    const optionsJSON = JSON.parse(form.dataset.options);
    let asking = false;

    const send = (response) => {
      answer.value = JSON.stringify(response);
      form.submit();
    };

    /*
     * Where a field says `webauthn`, the browser lists passkeys among what it fills in there, and asks nothing until one is
     * chosen. The button takes its place: the library ends the one when it starts the other.
     */
    const offer = async () => {
      if (!('passkeyAutofill' in form.dataset) || !(await library.browserSupportsWebAuthnAutofill())) return;
      if (asking) return;
      library.startAuthentication({ optionsJSON, useBrowserAutofill: true }).then(send, () => {});
    };

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      problem.replaceChildren();
      ask[form.dataset.passkey]({ optionsJSON }).then(send, (error) => {
        asking = false;
        say(problem, form.dataset[sentenceOf(error)]);
        offer();
      });
    });

    /* Whoever comes back to the page finds it ready for another try. */
    window.addEventListener('pageshow', () => {
      asking = false;
      answer.value = '';
      offer();
    });
    form.hidden = false;
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) prepare(form);
  for (const instead of document.querySelectorAll('[data-passkey-instead]')) instead.hidden = true;
})();
