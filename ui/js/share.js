// Gradio may put another element in the place of this one.
const panel = element.closest('#published');
// The published links: a click on an address selects all of it; buttons copy and send it.
panel.addEventListener('focusin', (event) => event.target.select?.());
// Browsers that can hand a link to another app get a button for it.
const offer = () => panel.querySelectorAll('button[data-send]').forEach((one) => (one.hidden = !navigator.share));
// The private link is shown only here, so the tab keeps it over a reload, and beside later ones, which
// the server then sends alone. Only the one just published of the photo on the page is open.
const privately = (link) => link.querySelector('.p-private').value;
let newest = null;
const keep = () => {
  const kept = document.createElement('template');
  kept.innerHTML = sessionStorage.presenceLinks ?? '';
  const known = [...kept.content.querySelectorAll('.p-links')];
  const shown = [...panel.querySelectorAll('.p-links')].map(privately);
  const isKnown = (link) => known.some((one) => privately(one) === link);
  newest = shown.find((link) => !isKnown(link)) ?? newest;
  const place = panel.querySelector('.p-links')?.parentElement ?? element;
  place.append(...known.filter((one) => !shown.includes(privately(one))));
  const links = [...panel.querySelectorAll('.p-links')];
  for (const one of links) {
    if (privately(one) === newest || one.matches('.p-earlier')) continue;
    one.classList.add('p-earlier');
    one.open = false;
  }
  if (links.length) sessionStorage.presenceLinks = links.map((one) => one.outerHTML).join('');
  offer();
  dispatchEvent(new Event('links'));
};
keep();
new MutationObserver(keep).observe(panel, { childList: true, subtree: true });
document.addEventListener('photo', () => {
  newest = null;
  keep();
});
panel.addEventListener('click', async (event) => {
  const send = event.target.closest('button[data-send]');
  if (send) navigator.share({ title: send.dataset.title, url: send.dataset.send }).catch(() => {});
  const button = event.target.closest('button[data-copied]');
  if (!button) return;
  const field = button.previousElementSibling.querySelector('input');
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    document.execCommand('copy');
  }
  button.textContent = button.dataset.copied;
});
