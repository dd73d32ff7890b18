// Shared by the scripts that aim: the gaze dial, and the aim on the pictures.
const FULL = 100; // Gaze strength in percent; an aim of one's own is meant in full.
const WAIT = 90; // Milliseconds between two aims that are sent during a drag.
const PATIENCE = 5000; // Milliseconds for which updates without the last aim are ignored.
const TURNS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

let sentAt = 0;
// Milliseconds until the next aim may be sent: none for the first of a drag.
const pause = () => Math.max(0, sentAt + WAIT - performance.now());

const rounded = (degrees) => Math.round(degrees * 10) / 10 || 0;

// A number as it is written in the visitor's language.
const written = (says, text) => String(text).replace('.', says.sign);

// A direction in words, such as "3.0° to the right, 2.0° down".
function directionIn(says, [yaw, pitch]) {
  const parts = [
    [yaw, says.right, says.left],
    [pitch, says.up, says.down],
  ]
    .filter(([angle]) => Math.abs(angle) >= 0.05)
    .map(([angle, more, less]) => (angle > 0 ? more : less).replace('{}', `${written(says, Math.abs(angle).toFixed(1))}°`));
  return parts.join(', ') || says.into;
}

// A gaze after an arrow key: on the grid of the smallest step, then moved by a step.
const turnedBy = (key, from, grid, step) =>
  from.map((angle, axis) => {
    const turn = TURNS[key][axis];
    return turn ? rounded(Math.round(angle / grid) * grid + turn * step) : rounded(angle);
  });
