// What a script adds to the console, which works without one: steps without
// loading the page, keys, a draft that parks by itself, and what happens while the
// server is away. Kept by hand.
(function () {
  "use strict";

  var form = document.getElementById("console"), bar = document.querySelector(".offline"), away = document.getElementById("away");
  if (!form || !window.fetch || !window.DOMParser || !window.hunyueKeys) return;
  var keys = window.hunyueKeys.of(form), idleFor = 120000, again = 5000;
  var busy = false, waiting = null, retry = 0, idle = 0, look = 0, escaped = 0, byMethod = false, lost = false, toBox = false, looks = 0;

  function byId(id) { return document.getElementById(id); }
  function pad(n) { return (n < 10 ? "0" : "") + n; }

  // The steps. One is on its way at a time; while the server is away the last one
  // waits, and is sent again as it was: with the same key it is done once.
  function send(step) {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    var body = waiting || new URLSearchParams(new FormData(form)), before = typed();
    if (!waiting) body.set("step", step);
    waiting = body;
    clearTimeout(retry);
    clearTimeout(look);
    fetch(form.action, { method: "POST", body: body, headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.text().then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        if (page.getElementById("console")) return page;
        if (answer.status >= 500) throw "trouble";
        leave(body.get("step"));
        throw "another page";
      });
    }).then(function (page) {
      waiting = null;
      lost = false;
      bar.hidden = true;
      swap(page, before);
    }).catch(function (why) {
      if (why !== "another page") gone();
    }).then(function () {
      busy = false;
      form.removeAttribute("aria-busy");
    });
  }

  // leave has the browser send the step itself, with all that stands in the form: what
  // answers is another page. Whoever was signed out is asked to sign in there, and
  // gets the call back.
  function leave(step) {
    var named = document.createElement("input");
    named.type = "hidden";
    named.name = "step";
    named.value = step;
    form.appendChild(named);
    form.submit();
  }

  function gone() {
    if (!lost) {
      var now = new Date();
      away.textContent = away.textContent.replace(/\d\d:\d\d|--:--/, pad(now.getHours()) + ":" + pad(now.getMinutes()));
    }
    lost = true;
    bar.hidden = false;
    clearTimeout(retry);
    if (waiting) retry = setTimeout(function () { send(""); }, again);
  }
  window.addEventListener("online", function () {
    lost = !!waiting;
    if (waiting) send("");
  });
  window.addEventListener("offline", gone);

  // typed is what stands in the inputs, to be kept where somebody has gone on
  // typing while the answer was on its way.
  function typed() {
    var all = {};
    form.querySelectorAll("input[id]:not([type=hidden]):not([type=checkbox])").forEach(function (input) { all[input.id] = input.value; });
    return all;
  }

  // swap takes over the parts of the answer, each into an element that stays, and
  // puts the focus where the server says: never nowhere.
  function swap(page, before) {
    var now = typed(), fresh = page.getElementById("console"), had = document.activeElement && document.activeElement.id;
    document.title = page.title;
    ["data-focus", "data-again", "data-begun", "data-keys"].forEach(function (name) {
      if (fresh.hasAttribute(name)) form.setAttribute(name, fresh.getAttribute(name));
      else form.removeAttribute(name);
    });
    form.elements.state.value = fresh.elements.state.value;
    byId("q").value = page.getElementById("q").value;
    byId("said").textContent = page.getElementById("said").textContent;
    ["card", "work", "script"].forEach(function (id) { byId(id).className = page.getElementById(id).className; byId(id).innerHTML = page.getElementById(id).innerHTML; });
    Object.keys(now).forEach(function (id) {
      var input = byId(id);
      if (input && now[id] !== before[id]) input.value = now[id];
    });
    focus(!toBox && (byId(form.getAttribute("data-focus")) || byId(had)) || byId("q"));
    toBox = false;
    soon();
    rest();
  }

  function focus(on) {
    on.focus();
    if (on.select && on.value) on.select();
    if (document.activeElement === document.body) byId("q").focus();
  }

  // How the text stands is asked for again while it is on its way, less and less
  // often: there is a button for it.
  function soon() {
    var seconds = +form.getAttribute("data-again");
    clearTimeout(look);
    if (!seconds) looks = 0;
    else if (looks < 5) look = setTimeout(function () { looks++; if (!byId("q").value) send("look"); }, (seconds << looks) * 1000);
  }

  // A call that breaks off parks by itself.
  function rest() {
    clearTimeout(idle);
    idle = setTimeout(function () {
      if (form.hasAttribute("data-begun") && form.querySelector('[data-action="park"]')) send("park");
    }, idleFor);
  }
  document.addEventListener("input", rest);

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    event.stopPropagation(); // what other pages do before they are left
    if (byMethod) return;
    press(event.submitter || form.querySelector('button[value="enter"]'));
  });

  function press(button) {
    if (button.getAttribute("data-press")) return act(button.getAttribute("data-press"));
    send(button.value);
  }
  form.addEventListener("click", function (event) {
    if (event.detail > 0) byMethod = false; // a pointer, and not what a key comes to
    var to = event.target.closest("[data-press]");
    if (to) { event.preventDefault(); act(to.getAttribute("data-press")); }
  });

  // act does what a key or its button says.
  function act(action) {
    var on = action === "box" ? byId("q") : form.querySelector('[data-action="' + action + '"]');
    if (action === "help") { var help = byId("help"); help.open = !help.open; help.querySelector("summary").focus(); return true; }
    if (!on) return false;
    if (on.tagName === "BUTTON") send(on.value);
    else focus(on);
    toBox = busy && action === "box"; // also once the answer is there
    return true;
  }

  document.addEventListener("keydown", function (event) {
    byMethod = window.hunyueKeys.composing(event);
    if (byMethod) return;
    rest();
    var action = keys.action(event);
    if (action !== "back") escaped = 0; // something was done in between
    else if (twice(event.timeStamp)) action = "box";
    if (action) {
      event.preventDefault(); // also where there is nothing to do: no browser acts on it then
      act(action);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && event.target.matches("#console input")) {
      event.preventDefault();
      send("enter");
      return;
    }
    list(event);
  });

  function twice(at) {
    var soonAfter = escaped && at - escaped < 600;
    escaped = at;
    return soonAfter;
  }

  // Digits pick and arrows walk while a list has the focus.
  function list(event) {
    var of = event.target.closest("[data-list]");
    if (!of) return;
    var all = [].slice.call(of.querySelectorAll("button")), i = all.indexOf(event.target.closest("button"));
    var to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all[to]) { event.preventDefault(); all[to].focus(); }
    var picked = /^[1-9]$/.test(event.key) && of.querySelector('[data-digit="' + event.key + '"]');
    if (picked) { event.preventDefault(); send(picked.value); }
  }

  // The telephone system opens /call#ani=13800000001: what stands after # goes to no
  // server and into no log, and is taken out of the address at once.
  function ringing() {
    var ani = /^#ani=([+\d-]{7,20})$/.exec(location.hash);
    if (!ani) return;
    history.replaceState(null, "", location.pathname + location.search);
    byId("q").value = ani[1];
    send("enter");
  }
  window.addEventListener("hashchange", ringing);

  soon();
  rest();
  ringing();
  if (document.activeElement === document.body) focus(byId(form.getAttribute("data-focus")) || byId("q")); // after signing in again
})();
