// The scene around one object: light, camera, and what keys and pointers do to it. It draws when
// something changed, and never by itself.
import {
  AmbientLight, Color, DirectionalLight, DoubleSide, Group, Mesh, MeshStandardMaterial, OrbitControls,
  PLYLoader, PerspectiveCamera, Points, PointsMaterial, Scene, Spherical, WebGLRenderer,
} from "vendor/three";
import { said } from "playground/said";

const FIELD_OF_VIEW = 40;
const TURN = Math.PI / 24;
const ZOOM = 0.88;
const START = new Spherical(1, Math.PI * 0.38, Math.PI * 0.2);
const MAX_PIXEL_RATIO = 2;
const UPRIGHT = 0.05;

function renderer_of(label) {
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `3D object: ${label}. Arrow keys turn it, plus and minus come nearer and go back, 0 resets.`);
  // Asked here, and not by the engine, which complains on the console.
  const context = canvas.getContext("webgl2", { antialias: true, alpha: true });
  if (!context) throw said("This browser cannot show 3D objects. Download the file to see it elsewhere.");
  return new WebGLRenderer({ canvas, context });
}

export class ObjectScene {
  #is_scheduled = false;
  #observer;

  constructor(bytes, label) {
    this.geometry = this.#read(bytes);
    this.renderer = renderer_of(label);
    this.canvas = this.renderer.domElement;
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW, 4 / 3);
    this.scene.add(this.camera, ...this.#things(), ...this.#lights());
    this.controls = new OrbitControls(this.camera, this.canvas);
    this.controls.addEventListener("change", () => this.schedule());
    this.canvas.addEventListener("keydown", (event) => this.#press(event));
    this.reset();
  }

  #read(bytes) {
    const geometry = new PLYLoader().parse(bytes);
    this.vertex_count = geometry.attributes.position?.count ?? 0;
    if (!this.vertex_count) throw said("The file holds no object.");
    this.face_count = (geometry.index?.count ?? 0) / 3;
    if (this.face_count && !geometry.attributes.normal) geometry.computeVertexNormals();
    geometry.computeBoundingSphere();
    geometry.center();
    this.radius = geometry.boundingSphere.radius || 1;
    return geometry;
  }

  #things() {
    const colours = this.geometry.hasAttribute("color") ? { vertexColors: true } : { color: new Color(0xa5abff) };
    this.mesh = new Mesh(this.geometry, new MeshStandardMaterial({ ...colours, roughness: 0.75, side: DoubleSide }));
    this.cloud = new Points(this.geometry, new PointsMaterial({ ...colours, size: this.radius * 0.012 }));
    const upright = new Group();
    // In these files z goes up; for the camera y does.
    upright.rotation.x = -Math.PI / 2;
    upright.add(this.mesh, this.cloud);
    this.points(false);
    return [upright];
  }

  #lights() {
    // It goes with the camera, so that no side lies in the dark.
    const lamp = new DirectionalLight(0xffffff, 2.2);
    lamp.position.set(1, 1.5, 2);
    this.camera.add(lamp);
    return [new AmbientLight(0xffffff, 1.1)];
  }

  // As large as the box around it.
  follow(box) {
    this.#observer = new ResizeObserver(() => this.#fit(box));
    this.#observer.observe(box);
    this.#fit(box);
  }

  #fit(box) {
    const { clientWidth: width, clientHeight: height } = box;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, MAX_PIXEL_RATIO));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.schedule();
  }

  reset() {
    const distance = (this.radius / Math.sin((FIELD_OF_VIEW * Math.PI) / 360)) * 1.1;
    this.camera.near = distance / 100;
    this.camera.far = distance * 10;
    this.controls.minDistance = this.radius * 0.3;
    this.controls.maxDistance = distance * 5;
    this.controls.target.set(0, 0, 0);
    this.#look(new Spherical(distance, START.phi, START.theta));
  }

  #look(place) {
    place.phi = Math.min(Math.PI - UPRIGHT, Math.max(UPRIGHT, place.phi));
    this.camera.position.setFromSpherical(place).add(this.controls.target);
    this.camera.updateProjectionMatrix();
    this.controls.update();
    this.schedule();
  }

  wireframe(is_on) {
    this.mesh.material.wireframe = is_on;
    this.schedule();
  }

  points(is_on) {
    this.cloud.visible = is_on || !this.face_count;
    this.mesh.visible = !this.cloud.visible;
    this.schedule();
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target));
    const acts = {
      ArrowLeft: () => { place.theta -= TURN; }, ArrowRight: () => { place.theta += TURN; },
      ArrowUp: () => { place.phi -= TURN; }, ArrowDown: () => { place.phi += TURN; },
      "+": () => { place.radius *= ZOOM; }, "=": () => { place.radius *= ZOOM; }, "-": () => { place.radius /= ZOOM; },
    };
    if (!acts[event.key] && event.key !== "0") return;
    event.preventDefault();
    if (event.key === "0") return this.reset();
    acts[event.key]();
    this.#look(place);
  }

  schedule() {
    if (this.#is_scheduled || !this.controls) return;
    this.#is_scheduled = true;
    requestAnimationFrame(() => {
      this.#is_scheduled = false;
      this.draw();
    });
  }

  draw() {
    if (!this.is_gone) this.renderer.render(this.scene, this.camera);
  }

  dispose() {
    this.is_gone = true;
    this.#observer?.disconnect();
    this.controls.dispose();
    this.geometry.dispose();
    this.mesh.material.dispose();
    this.cloud.material.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }
}
