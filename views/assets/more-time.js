/*
 * Asks, some minutes before a page closes, whether the person needs more time. Her answer is a form that the server answers
 * with "204 No Content", so that the browser stays on the page with all that was typed or ticked. It knows no sentence: the
 * page brings them.
 */
(() => {
  const area = document.querySelector('[data-warn-after]');
  if (!area) return;
  const question = area.querySelector('[data-more-time-question]');
  const given = area.querySelector('[data-more-time-given]');
  let due = 0;
  let timer;

  /* A computer that slept has not counted: the time of day decides. */
  const look = () => {
    if (Date.now() < due) return;
    given.hidden = true;
    question.hidden = false;
  };

  const wait = (seconds) => {
    clearTimeout(timer);
    due = Date.now() + seconds * 1000;
    timer = setTimeout(look, seconds * 1000);
  };

  document.addEventListener('visibilitychange', look);
  question.querySelector('form').addEventListener('submit', () => {
    wait(Number(area.dataset.warnAgainAfter));
    /* The form is sent first; then the focus goes to what is said, because its button disappears. */
    setTimeout(() => {
      question.hidden = true;
      given.hidden = false;
      given.focus();
    });
  });
  wait(Number(area.dataset.warnAfter));
})();
