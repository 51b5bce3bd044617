/** Lets a form do `work` with its fields, once at a time, and tell what went wrong. */
export function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button.primary');
    const problem = form.querySelector('.problem');
    if (!button || button.disabled) return;
    button.disabled = true;
    problem.textContent = '';
    try {
      await work(Object.fromEntries(new FormData(form)));
      form.reset();
      form.closest('dialog')?.close();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}
