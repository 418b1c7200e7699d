/** Saves each answer as it is given, and shows one section at a time. All else is the server's. */

const said = document.getElementById("saved");
/** One save at a time, in the order of the taps. */
let queue = Promise.resolve();

/** @param {HTMLElement} question */
async function save(question) {
  const form = question.closest("form");
  const body = new FormData();
  body.set("csrf_token", form.elements["csrf_token"].value);
  for (const field of question.querySelectorAll("input, textarea")) {
    if ((field.type !== "radio" && field.type !== "checkbox") || field.checked) body.append(field.name, field.value);
  }
  const wrote = [...question.querySelectorAll('textarea[name^="entry/"]')].some((area) => area.value.trim());
  if (wrote) body.set("entry", "1");
  said.textContent = "…";
  try {
    const answer = await fetch(form.dataset.answers + question.dataset.item, { method: "POST", body, headers: { Accept: "application/json" } });
    const result = await answer.json();
    if (!answer.ok) throw new Error(result.error);
    said.textContent = result.ok ? result.saved : Object.values(result.errors).join(" ");
    for (const [item, html] of Object.entries(result.changed)) replace(item, html);
    for (const place of document.querySelectorAll("[data-progress]")) place.textContent = result.progress[place.dataset.progress] ?? "";
  } catch (error) {
    said.textContent = `NOT SAVED. ${error.message ?? ""}`;
  }
}

/** @param {string} item @param {string} html */
function replace(item, html) {
  const old = document.getElementById(`q-${item}`);
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  old?.replaceWith(holder.content);
}

document.addEventListener("change", (event) => {
  const input = event.target;
  const question = input.closest?.(".question");
  if (!question) return;
  const slot = input.closest(".slot");
  const special = ["none", "not_observed", "not_applicable"];
  if (input.type === "checkbox" && input.checked) {
    const alone = special.includes(input.value);
    for (const other of slot.querySelectorAll("input[type=checkbox]:checked")) {
      if (other !== input && (alone || special.includes(other.value))) other.checked = false;
    }
  }
  if (input.name.startsWith("special/")) {
    const text = slot.querySelector(`input[name="${CSS.escape(input.name.slice(8))}"]`);
    if (text) text.value = "";
  } else if (input.name.startsWith("answers/") && !["radio", "checkbox"].includes(input.type) && input.value) {
    for (const pill of slot.querySelectorAll('input[name^="special/"]:checked')) pill.checked = false;
  }
  queue = queue.then(() => save(question));
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-section]");
  if (!link) return;
  event.preventDefault();
  document.activeElement?.blur?.();
  await queue;
  for (const form of document.querySelectorAll("form.section")) form.hidden = form.id !== `s-${link.dataset.section}`;
  for (const each of document.querySelectorAll("[data-section]")) each.toggleAttribute("aria-current", each === link);
  history.replaceState(null, "", link.href);
  link.closest("details").open = false;
  scrollTo(0, 0);
});
