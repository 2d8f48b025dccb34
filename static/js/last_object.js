// The page of a model that makes objects shows the newest of the visitor's own, to turn and look at.
import { viewer } from "playground/viewer3d";

const place = document.getElementById("last-object");

async function show() {
  const answer = await fetch(place.dataset.source).catch(() => null);
  const { url } = answer?.ok ? await answer.json() : { url: null };
  if (url) place.replaceChildren(viewer({ url, alt: "your last object" }));
}

if (place) show();
