// The gaze dial. `props.value` holds its content; a new aim is sent back as `props.value.aimed`.
const face = element.querySelector('.p-dial-face');
const part = (name) => element.querySelector(`.p-dial-${name}`);
const number = (name) => Number(face.dataset[name]);
const [radius, largest, even] = ['radius', 'largest', 'even'].map(number);
const whole = Math.asinh(largest / even);

let chosen = 'A';
let at = null; // Aim of the chosen look in degrees; null if its gaze is kept.
let held = false;
let expected = null; // The aim that was sent, until an update confirms it.
let later = 0;
let put = {};

const look = () => props.value?.looks?.[chosen];

function place([yaw, pitch]) {
  const off = Math.hypot(yaw, pitch);
  const out = off ? (radius * Math.asinh(Math.min(off, largest) / even)) / whole / off : 0;
  return [yaw * out, -pitch * out];
}

function under(event) {
  const matrix = face.getScreenCTM().inverse();
  const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  // Snap to the gaze of the region, and to the lens.
  for (const spot of [look().own, [0, 0]]) {
    const [u, v] = spot ? place(spot) : [Infinity, 0];
    if (Math.hypot(x - u, y - v) < number('snap')) return spot;
  }
  const out = Math.hypot(x, y);
  const degrees = even * Math.sinh((Math.min(out, radius) / radius) * whole);
  return [x / out, -y / out].map((share) => rounded(degrees * share));
}

function inWords(gaze) {
  const { says } = props.value;
  const off = Math.hypot(...gaze);
  const word = off <= 2.6 ? says.contact : off <= 5 ? says.soft : says.averted;
  return `${directionIn(says, gaze)}, ${word}`;
}

function inDegrees(gaze) {
  const { says } = props.value;
  const angles = gaze.map((angle) => `${written(says, angle.toFixed(1))}°`);
  return angles.join(says.sign === ',' ? '; ' : ', ').replaceAll('-', '−');
}

function fill(name, html) {
  if (put[name] === html) return;
  put[name] = html;
  part(name).innerHTML = html;
}

function mark() {
  for (const one of element.querySelectorAll('[data-letter]'))
    one.classList.toggle('p-chosen', one.dataset.letter === chosen);
}

function hand() {
  const group = part('aim');
  const spot = at ?? props.value.now;
  group.toggleAttribute('hidden', !look() || !spot);
  element.firstElementChild.classList.toggle('p-held', held);
  if (!look() || !spot) return;
  const [x, y] = place(spot);
  group.setAttribute('transform', `translate(${x.toFixed(2)} ${y.toFixed(2)})`);
  group.classList.toggle('p-kept', !at);
  const text = group.querySelector('text');
  text.textContent = held ? inDegrees(spot) : '';
  text.setAttribute('x', x > 30 ? -8 : 8);
  text.setAttribute('y', -7);
  text.style.textAnchor = x > 30 ? 'end' : 'start';
}

function tell() {
  const { says } = props.value;
  const said = look() ? `${chosen}: ${at ? inWords(at) : says.stays}` : '';
  if (part('says').textContent !== said) part('says').textContent = said;
  face.setAttribute('aria-label', `${says.role}, ${said}`);
}

function key() {
  const { says } = props.value;
  const rows = [
    ['now', says.photo],
    ['asked', says.asked],
    ['found', says.found],
    ...(look()?.own ? [['span', look().span]] : []),
    ...(props.value.reach ? [['reach', says.reach]] : []),
  ];
  const list = rows.map(([name, text]) => {
    const row = document.createElement('span');
    row.className = `p-key-${name}`;
    row.textContent = text;
    return row;
  });
  part('key').replaceChildren(...list);
}

function who() {
  const { looks, says } = props.value;
  const set = part('who');
  const letters = Object.keys(looks);
  if (!looks[chosen] && letters.length) [chosen] = letters;
  const now = JSON.stringify([letters.map((one) => looks[one].name), says.aim]);
  if (put.who !== now) {
    put.who = now;
    const legend = document.createElement('legend');
    legend.textContent = says.aim;
    set.replaceChildren(legend, ...letters.map((letter) => {
      const label = document.createElement('label');
      const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'p-dial-look', value: letter });
      const text = document.createElement('span');
      text.textContent = letter;
      radio.setAttribute('aria-label', `${says.aim} ${looks[letter].name}`);
      label.title = looks[letter].name;
      label.append(radio, text);
      return label;
    }));
  }
  for (const radio of set.querySelectorAll('input')) radio.checked = radio.value === chosen;
}

function draw() {
  if (!props.value?.says) return;
  const { says } = props.value;
  for (const name of ['stage', 'spans', 'reach', 'points', 'words']) fill(name, props.value[name]);
  who();
  face.setAttribute('aria-roledescription', says.role);
  part('keys').textContent = says.keys;
  element.querySelector('[data-key=Home]').textContent = says.lens;
  element.querySelector('[data-key=Escape]').textContent = says.back;
  // Ignore updates that do not hold the last aim yet, which would move the point back.
  if (expected && same(look()?.at, expected.spot)) expected = null;
  if (!held && !later && !(expected && performance.now() < expected.until)) at = look()?.at ?? null;
  mark();
  hand();
  tell();
  key();
}

const same = (one, other) =>
  one && other ? Math.hypot(one[0] - other[0], one[1] - other[1]) < 0.05 : !one && !other;

function send(text) {
  clearTimeout(later);
  later = 0;
  sentAt = performance.now();
  expected = { spot: at, until: performance.now() + PATIENCE };
  props.value = { ...props.value, aimed: { letter: chosen, text, strength: FULL } };
  trigger('input');
}

const sendAim = () => send(at.map((angle) => written(props.value.says, angle)));

function aimAt(spot, now) {
  at = spot;
  hand();
  tell();
  if (now) sendAim();
  else later ||= setTimeout(sendAim, pause());
}

function back() {
  at = look()?.own ?? null;
  hand();
  tell();
  send(['', '']);
}

function press(name, step) {
  const from = at ?? props.value.now ?? [0, 0];
  if (name === 'Home') aimAt([0, 0], true);
  else if (['Escape', 'Delete', 'Backspace'].includes(name)) back();
  else if (TURNS[name]) {
    const moved = turnedBy(name, from, number('step'), step);
    if (Math.hypot(...moved) <= largest) aimAt(moved, false);
  } else return false;
  return true;
}

face.addEventListener('pointerdown', (event) => {
  if (!look() || event.button > 0) return;
  event.preventDefault();
  face.focus({ preventScroll: true });
  face.setPointerCapture(event.pointerId);
  held = true;
  aimAt(under(event), false);
});
face.addEventListener('pointermove', (event) => {
  if (held) aimAt(under(event), false);
});
for (const name of ['pointerup', 'pointercancel'])
  face.addEventListener(name, () => {
    if (!held) return;
    held = false;
    hand();
    sendAim();
  });
face.addEventListener('keydown', (event) => {
  if (!look() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (press(event.key, event.shiftKey ? number('large') : number('step'))) event.preventDefault();
});
part('buttons').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button && look()) press(button.dataset.key, 0);
});
part('who').addEventListener('change', (event) => {
  chosen = event.target.value;
  expected = null;
  draw();
});

watch('value', draw);
draw();
