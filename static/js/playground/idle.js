// Work that can wait: one job at a time, when the browser has nothing better to do.
const WAIT_MS_MAX = 500;
const jobs = [];
let waiting = [];
let is_running = false;

const pause = () => new Promise((go) => {
  if (window.requestIdleCallback) requestIdleCallback(go, { timeout: WAIT_MS_MAX });
  else setTimeout(go, 16);
});

async function run() {
  is_running = true;
  while (jobs.length) {
    await pause();
    try {
      await jobs.shift()();
    } catch (error) {
      // What was to become prettier stays as it is.
      console.warn(error);
    }
  }
  is_running = false;
  for (const go of waiting) go();
  waiting = [];
}

export function when_idle(job) {
  jobs.push(job);
  if (!is_running) run();
}

// When nothing is left to do.
export function idle() {
  return is_running ? new Promise((go) => { waiting.push(go); }) : Promise.resolve();
}
