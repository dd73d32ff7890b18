// Dots under a row of pictures wider than the screen: they mark the visible ones, and scroll to one.
const row = () => element.querySelector('.p-strip');
const figures = () => [...row().querySelectorAll('.p-shot')];

const mark = () => {
  if (!row()) return;
  const { left, right } = row().getBoundingClientRect();
  const dots = element.querySelectorAll('.p-dots button');
  figures().forEach((figure, index) => {
    const box = figure.getBoundingClientRect();
    const seen = Math.min(box.right, right) - Math.max(box.left, left) > 0.6 * box.width;
    dots[index]?.setAttribute('aria-current', String(seen));
  });
};

element.addEventListener('click', (event) => {
  const dot = event.target.closest('.p-dots button');
  if (!dot) return;
  const figure = figures().find((one) => one.dataset.letter === dot.dataset.letter);
  const pinned = figure.dataset.letter ? figures()[0].offsetWidth + 8 : 0;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  row().scrollTo({
    left: figure.dataset.letter ? figure.offsetLeft - row().offsetLeft - pinned : 0,
    behavior: calm ? 'auto' : 'smooth',
  });
});
element.addEventListener('scroll', mark, true);
addEventListener('resize', mark);
new MutationObserver(mark).observe(element, { childList: true, subtree: true });
mark();
