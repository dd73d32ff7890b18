// Keyboard control of the grid: Tab reaches one cell, and arrow keys move between cells.
const cells = () => [...element.querySelectorAll('button.p-cell')];

const go = (cell) => {
  for (const other of cells()) other.tabIndex = other === cell ? 0 : -1;
  cell.focus();
};

// Row and column of a cell in its table.
const place = (cell) => {
  const spot = cell.closest('td');
  return [spot.parentElement.rowIndex, spot.cellIndex];
};

const step = (cell, down, right) => {
  const table = cell.closest('table');
  let [row, column] = place(cell);
  // Skip cells without a picture.
  for (;;) {
    row += down;
    column += right;
    const spot = table.rows[row]?.cells[column];
    if (!spot) return;
    const next = spot.querySelector('button.p-cell');
    if (next) {
      go(next);
      return;
    }
  }
};

const ARROWS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

element.addEventListener('keydown', (event) => {
  const cell = event.target.closest('button.p-cell');
  if (!cell) return;
  const arrow = ARROWS[event.key];
  if (arrow) step(cell, ...arrow);
  else if (event.key === 'Home') go(cells()[0]);
  else if (event.key === 'End') go(cells().at(-1));
  else return;
  event.preventDefault();
});

element.addEventListener('click', (event) => {
  const cell = event.target.closest('button.p-cell');
  if (!cell) return;
  go(cell);
  for (const other of cells()) other.removeAttribute('aria-current');
  cell.setAttribute('aria-current', 'true');
  trigger('click', { index: Number(cell.dataset.index) });
});

// When new cells arrive, the focused cell stays the one that Tab reaches; else it is the first.
watch('value', () => {
  const all = cells();
  const stop = all.find((cell) => cell === document.activeElement) ?? all[0];
  for (const cell of all) cell.tabIndex = cell === stop ? 0 : -1;
});
