// Keeps <main data-live="URL"> fresh: asks about once a second, replaces it only when the answer changed,
// rests while nobody can see it. Without this script the page reloads itself.
"use strict";
(() => {
  const main = document.querySelector("main[data-live]");
  const lost = document.getElementById("lost");
  const EVERY = 1000, SLOWEST = 15000;
  let tag = null, wait = EVERY, timer = 0, asking = false;

  const next = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, wait);
  };

  const chosen = () => {
    const selection = getSelection();
    return selection && !selection.isCollapsed && main.contains(selection.anchorNode);
  };

  // what a reader opened stays open, what was reached by keyboard stays reached
  const replace = (html) => {
    const was = new Map([...main.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
    const focus = main.contains(document.activeElement) ? document.activeElement : null;
    const key = focus && (focus.id || (focus.closest("details[id]") || {}).id);
    main.innerHTML = html;
    for (const each of main.querySelectorAll("details[id]")) if (was.has(each.id)) each.open = was.get(each.id);
    const again = key && document.getElementById(key);
    if (again) (again.matches("details") ? again.querySelector("summary") : again).focus({ preventScroll: true });
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(main.dataset.live, { headers, redirect: "manual", credentials: "same-origin" });
      if (answer.type === "opaqueredirect") return location.reload(); // the sign-in is over
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(String(answer.status));
        const html = await answer.text();
        if (!chosen()) { // never take away a text that somebody is about to copy
          replace(html);
          tag = answer.headers.get("ETag");
        }
      }
      wait = EVERY;
      lost.hidden = true;
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
      lost.hidden = false;
    } finally {
      asking = false;
      next();
    }
  };

  document.addEventListener("visibilitychange", () => {
    wait = EVERY;
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  next();
})();
