// Keeps this tab's photo in the visitor's browser, so that a reload, another language or a restarted
// server does not lose it. It is uploaded again when the page opens; the server keeps nothing for it.
const KEPT_MS = 24 * 3600 * 1000;
const STORE = 'photos';

// Another site's frame, and private windows of some browsers, have no storage: nothing is kept there.
const tabOf = () => (sessionStorage.presenceTab ||= crypto.getRandomValues(new Uint32Array(2)).join('-'));
const line = element.querySelector('.p-kept');
const gone = element.querySelector('.p-forgotten');
let restoring = false;

// See storage.js.
const uncover = () => document.documentElement.classList.remove('p-restoring');
setTimeout(uncover, 15000);

const finished = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const store = async (mode) => {
  const opening = indexedDB.open('presence', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return (await finished(opening)).transaction(STORE, mode).objectStore(STORE);
};

const show = (kept) => {
  line.hidden = !kept;
  if (kept) sessionStorage.presenceKept = 'yes';
  else delete sessionStorage.presenceKept;
};

const forget = async () => {
  await finished((await store('readwrite')).delete(tabOf()));
  show(false);
};

const keep = async ({ url, orig_name: name }) => {
  const blob = await (await fetch(url)).blob();
  // Private windows of Safari store bytes, but no blobs.
  const photo = { bytes: await blob.arrayBuffer(), type: blob.type, name, at: Date.now() };
  await finished((await store('readwrite')).put(photo, tabOf()));
  show(true);
};

// Deletes what is too old, of all tabs.
const tidy = async () => {
  const photos = await store('readwrite');
  for (const key of await finished(photos.getAllKeys()))
    if (Date.now() - (await finished(photos.get(key))).at > KEPT_MS) photos.delete(key);
};

const restore = async () => {
  await tidy();
  const kept = await finished((await store('readonly')).get(tabOf()));
  const input = kept?.bytes && document.querySelector('#portrait input[type=file]');
  if (!input) return giveUp();
  // The server does not name the type of what browsers cannot show, such as TIFF.
  const type = kept.type.startsWith('image/') ? kept.type : 'image/*';
  const files = new DataTransfer();
  files.items.add(new File([kept.bytes], kept.name || 'photo', { type }));
  restoring = true;
  input.files = files.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  show(true);
};

// A page that waited for a kept photo has no pictures of the sample.
const giveUp = () => {
  show(false);
  if (document.documentElement.classList.contains('p-restoring')) location.reload();
};

const quietly = (promise) => promise.catch(giveUp);

// Chooses the face that was chosen before, as soon as the photo's faces are found again.
const chooseAgain = () => {
  const face = sessionStorage.presenceFace;
  const seen = document.getElementById('seen');
  const choose = (_, observer) => {
    const button = seen.querySelector(`[data-face="${face}"]`);
    if (!button) return;
    observer.disconnect();
    if (button.getAttribute('aria-pressed') !== 'true') button.click();
  };
  if (face) new MutationObserver(choose).observe(seen, { childList: true, subtree: true });
};

element.addEventListener('photo', ({ detail }) => {
  if (restoring && detail) {
    restoring = false;
    new MutationObserver((_, observer) => {
      observer.disconnect();
      uncover();
    }).observe(document.getElementById('strip'), { childList: true, subtree: true });
    return chooseAgain();
  }
  uncover();
  gone.hidden = true;
  delete sessionStorage.presenceFace;
  if (!detail) quietly(forget());
  else if (detail.url) quietly(keep(detail));
});
document.addEventListener('click', ({ target }) => {
  const face = target.closest?.('#seen [data-face]');
  if (face) sessionStorage.presenceFace = face.dataset.face;
});
element.querySelector('button').addEventListener('click', () =>
  quietly(forget().then(() => (gone.hidden = false))),
);
quietly(restore());

// A restarted server knows nothing of this page: open it again, with the photo and the looks.
const isRestarted = async () => {
  const { app_id: now } = await (await fetch('gradio_api/app_id')).json();
  return String(now) !== String(window.gradio_config.app_id);
};
new PerformanceObserver((list) => {
  const failed = ({ name, responseStatus }) => name.includes('/gradio_api/') && responseStatus >= 500;
  if (list.getEntries().some(failed)) isRestarted().then((yes) => yes && location.reload(), () => {});
}).observe({ type: 'resource' });
