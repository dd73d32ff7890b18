// The row of pictures: its slider between the photo and a single look, and the dots on a phone.
const row = () => element.querySelector('.p-strip');
const figures = () => [...row().querySelectorAll('.p-shot')];
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const SWEEP_MS = 1500;

let rest = null; // Where the visitor left the slider, in percent.
let swept = false;
let known = []; // The letters of the looks in the row before.

const split = (percent) => {
  row().style.setProperty('--at', `${percent}%`);
  const range = element.querySelector('.p-split-range');
  if (range) range.value = percent;
};

// At first sight the line moves once over the picture, from the photo to the look.
const sweep = async () => {
  const end = parseFloat(row().style.getPropertyValue('--at'));
  swept = true;
  if (calm()) return;
  split(100);
  await Promise.all([...element.querySelectorAll('img.p-close')].map((one) => one.decode().catch(() => {})));
  const start = performance.now() + 500;
  const step = (now) => {
    if (!element.querySelector('.p-split') || rest !== null) return;
    const share = Math.min(Math.max((now - start) / SWEEP_MS, 0), 1);
    split(100 + (end - 100) * share * share * (3 - 2 * share));
    if (share < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
};

const mark = () => {
  if (!row()) return;
  // The looks move under the original, which stays.
  const [original, ...looks] = figures().map((figure) => figure.getBoundingClientRect());
  const dots = element.querySelectorAll('.p-dots button');
  const { right } = row().getBoundingClientRect();
  looks.forEach((box, index) => {
    const seen = Math.min(box.right, right) - Math.max(box.left, original.right) > 0.6 * box.width;
    dots[index]?.setAttribute('aria-current', String(seen));
  });
};

// Moves the row to a look, if there is no room for all of them.
const show = (letter) => {
  const figure = figures().find((one) => one.dataset.letter === letter);
  const left = figure.offsetLeft - figures()[1].offsetLeft;
  row().scrollTo({ left, behavior: calm() ? 'auto' : 'smooth' });
};

// A look that was added is the one to see.
const showAdded = () => {
  const letters = row() ? figures().map((one) => one.dataset.letter).filter(Boolean) : [];
  const [added, more] = letters.filter((letter) => !known.includes(letter));
  if (known.length && added && !more) show(added);
  if (letters.length) known = letters;
};

const renewed = () => {
  showAdded();
  mark();
  if (!element.querySelector('.p-split')) return;
  if (rest !== null) split(rest);
  else if (!swept) sweep();
};

element.addEventListener('pointerdown', (event) => {
  const line = event.target.closest('.p-split-line');
  if (!line) return;
  event.preventDefault();
  line.setPointerCapture(event.pointerId);
  const box = line.parentElement.getBoundingClientRect();
  const move = ({ clientX }) => {
    rest = Math.min(Math.max((100 * (clientX - box.left)) / box.width, 0), 100);
    split(rest);
  };
  line.addEventListener('pointermove', move);
  line.addEventListener('lostpointercapture', () => line.removeEventListener('pointermove', move), { once: true });
});
element.addEventListener('input', (event) => {
  if (!event.target.matches('.p-split-range')) return;
  rest = Number(event.target.value);
  split(rest);
});
element.addEventListener('click', (event) => {
  const dot = event.target.closest('.p-dots button');
  if (dot) show(dot.dataset.letter);
});
// A photo in a format that the browser cannot show, before it is decoded.
element.addEventListener('error', (event) => event.target.closest?.('.p-waiting img')?.remove(), true);
const results = document.getElementById('results');
new ResizeObserver(() => results.style.setProperty('--height', `${results.offsetHeight}px`)).observe(results);
element.addEventListener('scroll', mark, true);
addEventListener('resize', mark);
new MutationObserver((changes) => {
  // Gradio keeps nodes that stay alike; the comment at the end of new results never does.
  const isNew = (node) => node.nodeType === 8 || node.matches?.('.p-strip') || node.querySelector?.('.p-strip');
  if (changes.some((change) => [...change.addedNodes].some(isNew))) renewed();
}).observe(element, { childList: true, subtree: true });
renewed();
