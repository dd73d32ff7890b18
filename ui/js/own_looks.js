// The list of saved looks. Deleting takes two clicks. Enter in a name field renames.
const act = (button) => {
  const row = button.closest('[data-name]');
  if (button.dataset.sure) {
    const word = button.textContent;
    button.textContent = button.dataset.sure;
    delete button.dataset.sure;
    button.addEventListener('blur', () => {
      button.dataset.sure = button.textContent;
      button.textContent = word;
    }, { once: true });
    return;
  }
  trigger('click', {
    action: button.dataset.action,
    name: row.dataset.name,
    letter: button.dataset.letter ?? '',
    to: row.querySelector('input').value,
  });
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) act(button);
});
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('input')) return;
  event.preventDefault();
  act(event.target.closest('[data-name]').querySelector('[data-action=rename]'));
});
