/** What is at hand on every screen: blank, dim, taking over from another tab, and a new version. */

/** @type {import("../frame.js").Screen} */
export const header = {
  name: "",
  enter() {},
  acts: {
    blank: ({ app }) => blank(app, true),
    dim: ({ app }) => {
      const dim = !("dim" in document.documentElement.dataset);
      setDim(dim);
      if (!app.reading) app.saver.set("meta/dim", dim || null);
    },
    take: async ({ app }) => {
      await app.takeOver();
    },
    update: async ({ app }) => {
      if (app.inCourt) return app.tell({ message: app.word("update_later") });
      await app.saver.flush();
      // Another window may have a hearing open, or be asleep and not answer.
      if ((await app.shell?.takeOver()) === false) app.tell({ message: app.word("update_elsewhere") });
    },
    trouble: ({ app }) => app.status.clear(),
  },
};

/** @param {boolean} dim */
export function setDim(dim) {
  if (dim) document.documentElement.dataset.dim = "";
  else delete document.documentElement.dataset.dim;
}

/**
 * Hide everything at once; two taps, or Escape, bring it back.
 * @param {import("../app.js").App} app
 * @param {boolean} hide
 */
function blank(app, hide) {
  const cover = /** @type {HTMLElement} */ (document.getElementById("blank"));
  const rest = document.querySelectorAll("body > :not(#blank)");
  cover.hidden = !hide;
  for (const each of rest) each.toggleAttribute("inert", hide);
  if (!hide) {
    app.frame.focus.back();
    return void app.frame.refresh();
  }
  app.frame.focus.remember();
  cover.focus();
  let last = -Infinity;
  cover.onclick = (event) => {
    if (event.timeStamp - last < 1000) blank(app, false);
    last = event.timeStamp;
  };
  cover.onkeydown = (event) => {
    if (event.key === "Escape") blank(app, false);
  };
}
