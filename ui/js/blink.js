// Two pictures in one place. Holding the picture shows the other one; a button switches every second,
// or once a press with reduced motion.
const calm = matchMedia('(prefers-reduced-motion: reduce)');
let timer = 0, other = false;

const one = (selector) => element.querySelector(selector);
const chosen = () => [...element.querySelectorAll('select')].map((select) => select.value);

const show = (second) => {
  const stage = one('.p-stage');
  if (!stage) return;
  other = second;
  const name = chosen()[second ? 1 : 0];
  for (const picture of stage.querySelectorAll('[data-name]'))
    picture.classList.toggle('p-on', picture.dataset.name === name);
  one('.p-blink-name').textContent = name;
  stage.setAttribute('aria-label', stage.dataset.says.replace('{}', name));
};

const stop = () => {
  clearInterval(timer);
  timer = 0;
  one('.p-blink-run')?.setAttribute('aria-pressed', 'false');
};

const run = () => {
  if (calm.matches) return show(!other);
  if (timer) {
    stop();
    return show(false);
  }
  timer = setInterval(() => (one('.p-stage')?.isConnected ? show(!other) : stop()), 1000);
  one('.p-blink-run').setAttribute('aria-pressed', 'true');
  show(!other);
};

const held = (event) => event.target.closest('.p-stage');
const hold = (event) => {
  if (!held(event)) return;
  stop();
  show(true);
};
const release = () => {
  if (!timer && other) show(false);
};

element.addEventListener('click', (event) => {
  if (event.target.closest('.p-blink-run')) run();
});
element.addEventListener('change', () => {
  stop();
  show(false);
});
element.addEventListener('pointerdown', hold);
for (const end of ['pointerup', 'pointercancel', 'pointerleave'])
  element.addEventListener(end, (event) => {
    if (!event.target.closest?.('.p-blink-run')) release();
  });
element.addEventListener('keydown', (event) => {
  if (!held(event) || ![' ', 'Enter'].includes(event.key)) return;
  event.preventDefault();
  if (!event.repeat) hold(event);
});
element.addEventListener('keyup', (event) => {
  if (held(event) && [' ', 'Enter'].includes(event.key)) release();
});
element.addEventListener('focusout', (event) => {
  if (held(event)) release();
});
element.addEventListener('contextmenu', (event) => {
  if (held(event)) event.preventDefault();
});
// New pictures start with the first one.
new MutationObserver((changes) => {
  if (changes.some((change) => [...change.addedNodes].some((node) => node.querySelector?.('.p-stage') || node.matches?.('.p-blink'))))
    { stop(); show(false); }
}).observe(element, { childList: true, subtree: true });
show(false);
