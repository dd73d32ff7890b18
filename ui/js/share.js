// The published links: a click on an address selects all of it; buttons copy and send it.
element.addEventListener('focusin', (event) => event.target.select?.());
// Browsers that can hand a link to another app get a button for it.
const offer = () => element.querySelectorAll('button[data-send]').forEach((one) => (one.hidden = !navigator.share));
// The private link is shown only here, so the tab keeps it over a reload.
const kept = sessionStorage.presenceLinks;
const shown = () => {
  offer();
  if (element.querySelector('.p-links')) sessionStorage.presenceLinks = element.innerHTML;
};
if (kept && !element.querySelector('.p-links')) element.insertAdjacentHTML('beforeend', kept);
new MutationObserver(shown).observe(element, { childList: true, subtree: true });
element.addEventListener('click', async (event) => {
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
