// Aiming on the pictures of the results: drag a point on the face, or use the arrow keys. `props.value`
// holds where each look aims; a new aim is sent back as `props.value.aimed`.
const EYES_MM = 63; // Mean distance of the eyes.
const SCREEN_MM = 300; // How far before the face the pointer is thought to be.
const LARGEST = 40;
const SNAP = 1.5;
const GRIP = 14; // Pixels around the point within which a mouse takes hold of it; elsewhere it sets it there.
const FACE = 2.5; // Distances of the eyes around them within which a press of the mouse means the face.
const TAP = 8; // Pixels that a finger moves before it aims.
const HOLD_MS = 250; // For how long a finger rests before it aims in any direction; else it scrolls.
const STEP = 0.5;
const LARGE = 2;

let strip = null; // The row of pictures, which may be created after this.
const looks = () => props.value?.looks ?? {};
const says = () => props.value?.says;

let tapped = null; // Where a finger came down that has not moved yet.
let resting = 0; // Timer of a finger that has not moved yet.
let held = null; // The letter of the look that is being dragged.
let grip = [0, 0]; // From the pointer to the point that it drags, in pixels.
let expected = null; // The aim that was sent, until an update confirms it.
let later = 0;
const at = {};

const stages = () =>
  Object.keys(looks()).flatMap((letter) => {
    const figure = strip.querySelector(`figure[data-letter="${letter}"]`);
    const stage = strip.querySelector('.p-split') ?? figure?.querySelector('.p-picture');
    return figure?.querySelector('.p-picture') ? [{ letter, figure, stage }] : [];
  });

// Midpoint and distance of the eyes on a stage, in pixels of the page.
function eyes({ stage }) {
  const row = stage.closest('.p-strip');
  const picture = [...row.querySelectorAll('.p-picture img')].find((one) => one.offsetWidth);
  const numbers = (picture?.classList.contains('p-whole') ? row.dataset.whole : row.dataset.close)?.split(' ').map(Number);
  if (!numbers) return null;
  const { width, height } = stage.getBoundingClientRect();
  return { x: numbers[0] * width, y: numbers[1] * height, apart: numbers[2] * width };
}

function gazeAt(one, event) {
  const box = one.stage.getBoundingClientRect();
  const middle = eyes(one);
  const mm = EYES_MM / middle.apart;
  const angle = (pixels) => (Math.atan2(pixels * mm, SCREEN_MM) * 180) / Math.PI;
  const [x, y] = [event.clientX + grip[0] - box.left, event.clientY + grip[1] - box.top];
  const spot = [angle(x - middle.x), -angle(y - middle.y)];
  return within(Math.hypot(...spot) < SNAP ? [0, 0] : spot);
}

// Takes hold of the point where it is, or sets it where the face is pressed; false if neither. A finger
// drags it from anywhere, since it would cover it.
function take(one, event) {
  const box = one.stage.getBoundingClientRect();
  const middle = eyes(one);
  const pressed = Math.hypot(event.clientX - box.left - middle.x, event.clientY - box.top - middle.y);
  const from = spotOf(one.letter);
  const [x, y] = from ? place(one, from) : [0, 0];
  const away = [box.left + x - event.clientX, box.top + y - event.clientY];
  const holds = from && (event.pointerType === 'touch' || Math.hypot(...away) < GRIP);
  grip = holds ? away : [0, 0];
  return holds || event.pointerType === 'touch' || pressed < FACE * middle.apart;
}

// Whether a pointer is on the face of somebody else in the whole photo: that face is not aimed.
function onOther(one, event) {
  const row = one.stage.closest('.p-strip');
  if (!row.querySelector('img.p-whole').offsetWidth) return false;
  const box = one.stage.getBoundingClientRect();
  const spot = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const own = row.dataset.whole.split(' ').map(Number);
  const holds = ({ style }, [x, y]) => {
    const [left, top, width, height] = ['left', 'top', 'width', 'height'].map((side) => parseFloat(style[side]) / 100);
    return x > left && x < left + width && y > top && y < top + height;
  };
  const under = [...document.querySelectorAll('.p-faces button')].filter((face) => holds(face, spot));
  return under.length > 0 && !under.some((face) => holds(face, own));
}

// The nearest aim that the eyes reach: `limits` holds the least and the largest yaw and pitch.
function within(spot) {
  const limits = props.value.limits;
  const reached = limits ? spot.map((angle, axis) => Math.min(Math.max(angle, limits[0][axis]), limits[1][axis])) : spot;
  const shrink = Math.min(1, LARGEST / Math.hypot(...reached));
  return reached.map((angle) => rounded(angle * shrink));
}

const atLimit = (spot) => spot.some((angle, axis) => props.value.limits?.some((limit) => rounded(limit[axis]) === angle));

function place(one, [yaw, pitch]) {
  const middle = eyes(one);
  const pixels = (degrees) => (Math.tan((degrees * Math.PI) / 180) * SCREEN_MM * middle.apart) / EYES_MM;
  return [middle.x + pixels(yaw), middle.y - pixels(pitch)];
}

const inWords = (gaze) => directionIn(says(), gaze);

const spotOf = (letter) => at[letter] ?? looks()[letter]?.at ?? props.value.now;

function mark(one) {
  const { letter, stage, figure } = one;
  let ring = stage.querySelector('.p-aim');
  if (!ring) {
    ring = Object.assign(document.createElement('i'), { className: 'p-aim' });
    ring.append(document.createElement('span'));
    stage.append(ring);
    stage.tabIndex = 0;
    stage.setAttribute('role', 'application');
    stage.dataset.aims = letter;
  }
  const spot = spotOf(letter);
  ring.hidden = !spot || !eyes(one);
  if (ring.hidden) return;
  const [x, y] = place(one, spot);
  const { y: line, apart } = eyes(one);
  // Not over the eyes.
  ring.firstElementChild.style.top = Math.abs(y - line) < apart / 2 ? `${line - y + 0.55 * apart}px` : '';
  ring.style.left = `${x}px`;
  ring.style.top = `${y}px`;
  ring.classList.toggle('p-held', held === letter);
  ring.classList.toggle('p-left', x > stage.clientWidth / 2);
  ring.firstElementChild.textContent = atLimit(spot) ? `${inWords(spot)}, ${says().furthest}` : inWords(spot);
  const keeps = !looks()[letter].at;
  stage.setAttribute('aria-label', `${says().on_face}, ${letter}: ${keeps ? says().stays : inWords(spot)}. ${says().keys}`);
  figure.querySelector('[data-aim=lens]')?.setAttribute('aria-pressed', String(!keeps && !Math.hypot(...spot) && !looks()[letter].missed));
  figure.querySelector('[data-aim=keep]')?.setAttribute('aria-pressed', String(keeps));
}

// Says at the list of audiences that the look has an aim of its own, with a way back.
function own() {
  for (const line of document.querySelectorAll('.p-own-aim')) {
    const look = looks()[line.dataset.letter];
    line.hidden = !look?.hand;
    if (line.hidden) continue;
    const back = Object.assign(document.createElement('button'), { type: 'button', textContent: look.back });
    back.addEventListener('click', () => send(line.dataset.letter, null, ['', ''], FULL));
    line.replaceChildren(`${says().own.replace('{}', inWords(look.at))} `, back);
  }
}

function draw() {
  if (!says()) return;
  for (const letter of Object.keys(at)) {
    const sent = expected?.letter === letter && performance.now() < expected.until;
    if (held !== letter && !later && !(sent && !same(looks()[letter]?.at, at[letter]))) delete at[letter];
  }
  stages().forEach(mark);
  own();
}

const same = (one, other) => one && other && Math.hypot(one[0] - other[0], one[1] - other[1]) < 0.05;

function send(letter, spot, text, strength) {
  clearTimeout(later);
  later = 0;
  sentAt = performance.now();
  expected = { letter, until: performance.now() + PATIENCE };
  if (spot) at[letter] = spot;
  else delete at[letter];
  props.value = { ...props.value, aimed: { letter, text, strength } };
  trigger('input');
}

function aim(letter, spot, now) {
  at[letter] = spot;
  const text = () => at[letter].map((angle) => written(says(), angle));
  const sendAim = () => send(letter, at[letter], text(), FULL);
  if (now) sendAim();
  else later ||= setTimeout(sendAim, pause());
  stages().filter((one) => one.letter === letter).forEach(mark);
}

const stageOf = (target) => {
  const stage = target.closest('.p-split, .p-shot:not(.p-original) .p-picture');
  return stages().find((one) => one.stage === stage);
};

// Ends a drag; returns the letter of the look if it was aimed.
function letGo() {
  if (!held) return null;
  const aimed = held && !tapped ? held : null;
  clearTimeout(resting);
  held = tapped = null;
  strip.classList.remove('p-aiming');
  stages().forEach(mark);
  return at[aimed] ? aimed : null;
}

function release() {
  const letter = letGo();
  if (letter) aim(letter, at[letter], true);
}

// The browser took the finger's move for another one, such as to scroll: nothing was aimed.
function cancel() {
  const letter = letGo();
  if (!letter) return;
  const { at: before, hand } = looks()[letter];
  if (hand) aim(letter, before, true);
  else send(letter, null, ['', ''], before ? FULL : 0);
}

function listen() {
  strip = document.getElementById('strip');
  if (!strip) return void requestAnimationFrame(listen);
  strip.addEventListener('pointerdown', (event) => {
    if (event.button > 0 || event.target.closest('.p-split-line, input')) return;
    const one = stageOf(event.target);
    if (!one || !eyes(one) || onOther(one, event) || !take(one, event)) return;
    const row = one.stage.closest('.p-strip');
    // A finger swipes through the looks where there is no room for all of them.
    if (event.pointerType === 'touch' && row.scrollWidth > row.clientWidth) return;
    event.preventDefault();
    one.stage.setPointerCapture(event.pointerId);
    held = one.letter;
    strip.classList.add('p-aiming');
    // A finger that only taps, such as to scroll, means no aim.
    tapped = event.pointerType === 'touch' ? [event.clientX, event.clientY] : null;
    if (!tapped) return aim(one.letter, gazeAt(one, event), false);
    resting = setTimeout(() => {
      tapped = null;
      mark(one);
    }, HOLD_MS);
  });
  strip.addEventListener('pointermove', (event) => {
    const one = held && stages().find(({ letter }) => letter === held);
    if (!one) return;
    if (!event.buttons) return release();
    if (tapped) {
      const [across, down] = [event.clientX - tapped[0], event.clientY - tapped[1]].map(Math.abs);
      if (Math.hypot(across, down) < TAP) return;
      if (down > across) return void letGo();
      clearTimeout(resting);
      tapped = null;
    }
    aim(held, gazeAt(one, event), false);
  });
  addEventListener('pointerup', release);
  addEventListener('pointercancel', cancel);
  // Once a finger aims, it does not scroll.
  strip.addEventListener('touchmove', (event) => held && !tapped && event.preventDefault(), { passive: false });
  strip.addEventListener('keydown', (event) => {
    const stage = event.target.closest('[data-aims]');
    if (!stage || event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = stage.dataset.aims;
    const step = event.shiftKey ? LARGE : STEP;
    if (event.key === 'Home') aim(letter, [0, 0], true);
    else if (event.key === 'Escape') send(letter, null, ['', ''], FULL);
    else if (TURNS[event.key]) {
      const spot = turnedBy(event.key, spotOf(letter) ?? [0, 0], STEP, step);
      aim(letter, within(spot), false);
    } else return;
    event.preventDefault();
  });
  strip.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-aim]');
    if (!button) return;
    const { letter } = button.closest('figure').dataset;
    if (button.dataset.aim === 'lens') aim(letter, [0, 0], true);
    else send(letter, null, ['', ''], 0);
  });

  new MutationObserver((changes) => {
    // Gradio keeps nodes that stay alike; the comment at the end of new results never does.
    const isNew = (node) => node.nodeType === 8 || node.matches?.('.p-strip') || node.querySelector?.('.p-strip');
    if (changes.some((change) => [...change.addedNodes].some(isNew))) draw();
  }).observe(strip, { childList: true, subtree: true });
  addEventListener('resize', draw);
  document.getElementById('framing')?.addEventListener('change', () => setTimeout(draw));
  draw();
}

watch('value', () => strip && draw());
listen();
