// What the page does without its connection to the daemon's circuit: stop and resume, the camera's pictures, and
// saying that the connection is lost until it is back.
(() => {
    'use strict';

    const pictureMs = 80;
    const lookEveryMs = 20;
    const aliveMs = 1000;
    const retryMs = 500;
    const patienceMs = 3000;
    const answerMs = 1500;
    const ageEveryMs = 100;
    const staleMs = 500;

    const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
    const ask = (path, options = {}) =>
        fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(patienceMs), ...options });

    const unheard = document.getElementById('unheard');

    // --- Stop and resume: a request of its own, whatever else is going on ---

    async function tell(action) {
        document.documentElement.dataset.told = action;
        try {
            const answer = await ask(`/${action}`, { method: 'POST', keepalive: true, priority: 'high' });
            // The daemon has heard it, and says why the robot has not, or has yet to.
            const refusal = answer.ok ? '' : (await answer.json().catch(() => ({}))).error;
            if (!answer.ok && !refusal) throw new Error(`HTTP ${answer.status}`);
            unheard.textContent = refusal;
            unheard.hidden = answer.ok;
        } catch (problem) {
            lost(`${action === 'stop' ? 'STOP' : 'Resume'} did not reach the daemon (${problem.message})`);
            heal();
        }
    }

    const isForText = element => element instanceof HTMLElement
        && (element.isContentEditable
            || element.matches(
                'textarea, input:not([type=button], [type=checkbox], [type=radio], [type=range], [type=submit])'));

    // Before anything on the page sees them: no dialog, menu or button may keep the stop to itself.
    document.addEventListener('keydown', event => {
        const stops = event.key === 'Escape'
            || (event.key === ' ' && !event.ctrlKey && !event.altKey && !event.metaKey && !isForText(event.target));
        if (!stops) return;
        event.preventDefault();
        event.stopPropagation();
        if (!event.repeat) tell('stop');
    }, true);

    // A button that has the focus would count the space bar's way up as a click.
    document.addEventListener('keyup', event => {
        if (event.key === ' ' && !isForText(event.target)) event.preventDefault();
    }, true);

    document.addEventListener('click', event => {
        const button = event.target instanceof Element && event.target.closest('[data-action]');
        if (button) tell(button.dataset.action);
    });

    // Resume is offered while the robot is stopped.
    new MutationObserver(() => {
        const state = document.querySelector('[data-state]')?.dataset.state;
        if (state) document.getElementById('resume').hidden = state !== 'stop';
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });

    // --- The connection ---

    const banner = document.getElementById('lost');
    let healing = false;

    function lost(what) {
        if (banner.hidden || what !== undefined)
            banner.textContent = `${what ?? 'Connection lost'}: what you see is old. Trying again…`;
        banner.hidden = false;
        document.documentElement.classList.add('is-lost');
    }

    function found() {
        banner.hidden = true;
        document.documentElement.classList.remove('is-lost');
    }

    const isThere = () => ask('/healthz', { signal: AbortSignal.timeout(answerMs) }).then(() => true, () => false);

    /// Tries until the daemon is there again. One that was started anew knows nothing of this page: it is loaded again.
    async function heal() {
        if (healing) return;
        healing = true;
        for (; ; await pause(retryMs)) {
            if (!await isThere()) continue;
            try {
                if (connected || await Blazor.reconnect()) break;
                location.reload();
                return;
            } catch {
                // Gone again.
            }
        }
        healing = false;
        found();
    }

    let connected = false;

    async function watchConnection() {
        for (; ; await pause(aliveMs)) {
            if (healing || document.hidden || await isThere()) continue;
            lost();
            heal();
        }
    }

    // --- Pictures ---

    // A browser has few connections to one server: the stop button must not wait for pictures.
    const mostPicturesAtOnce = 4;
    const cameras = new Map(); // name → its newest picture's number, its age on arrival, and when that was
    let underWay = 0;

    async function show(image) {
        const { camera: kind, name } = image.dataset;
        const answer = await ask(`/camera/${name}/${kind}.jpg?after=${image.dataset.shown ?? 0}`);
        if (answer.status !== 200) return;
        const before = image.src;
        image.src = URL.createObjectURL(await answer.blob());
        await image.decode().catch(() => { });
        image.dataset.shown = answer.headers.get('X-Frame');
        if (before) URL.revokeObjectURL(before);
        if (kind !== 'raw') return;
        const ageMs = Number(answer.headers.get('X-Frame-Age-Ms'));
        cameras.set(name, { frame: image.dataset.shown, ageMs, at: performance.now() });
    }

    // The one that was asked for longest ago comes first, so that all have their turn.
    const askedAt = new WeakMap();
    const atWork = new WeakSet();

    function showPictures() {
        if (document.hidden || healing) return;
        const now = performance.now();
        const due = [...document.querySelectorAll('img[data-camera]')]
            .filter(image => !atWork.has(image) && now - (askedAt.get(image) ?? -pictureMs) >= pictureMs)
            .sort((one, other) => (askedAt.get(one) ?? 0) - (askedAt.get(other) ?? 0));
        for (const image of due) {
            if (underWay >= mostPicturesAtOnce) return;
            underWay++;
            atWork.add(image);
            askedAt.set(image, now);
            show(image).catch(() => { }).finally(() => { underWay--; atWork.delete(image); });
        }
    }

    // On its own clock: a picture grows older also while none comes.
    function showAge() {
        for (const age of document.querySelectorAll('[data-age]')) {
            const picture = cameras.get(age.dataset.age);
            if (!picture) continue;
            const old = picture.ageMs + performance.now() - picture.at;
            document.querySelector(`[data-frame="${age.dataset.age}"]`).textContent = `frame ${picture.frame}`;
            age.textContent = old < 10000 ? `${Math.round(old)} ms old` : `${Math.round(old / 1000)} s old`;
            age.classList.toggle('bad', old > staleMs);
        }
    }

    // --- Colours ---

    const dark = matchMedia('(prefers-color-scheme: dark)');
    window.vla = {
        isDark: () => (localStorage.getItem('colours') ?? (dark.matches ? 'dark' : 'light')) === 'dark',
        setDark: isDark => localStorage.setItem('colours', isDark ? 'dark' : 'light'),
    };

    // --- Start ---

    async function start() {
        for (; ; await pause(retryMs)) {
            try {
                await Blazor.start({
                    circuit: {
                        configureSignalR: builder => builder.withServerTimeout(8000).withKeepAliveInterval(2000),
                        reconnectionHandler: {
                            onConnectionDown: () => { connected = false; lost(); heal(); },
                            onConnectionUp: () => { connected = true; },
                        },
                    },
                });
                connected = true;
                return;
            } catch {
                lost();
            }
        }
    }

    start();
    watchConnection();
    setInterval(showPictures, lookEveryMs);
    setInterval(showAge, ageEveryMs);
})();
