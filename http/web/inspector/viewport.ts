// What part of a drawing is seen: fitted to its frame, moved by dragging, scaled by buttons, keys, pinching or Ctrl and the wheel.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Viewport {
  readonly view: View;
  readonly size: Size;
  /** For the element that frames the drawing. */
  readonly frame: (element: SVGSVGElement | null) => void;
  readonly fit: () => void;
  readonly zoom: (factor: number) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

const scales = { least: 0.15, most: 3, fitted: 1.15 } as const;
const stepPx = 60;

export function useViewport(drawing: Size): Viewport {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [view, setView] = useState<View | null>(null);
  const elementRef = useRef<SVGSVGElement | null>(null);
  const leaveRef = useRef<(() => void) | null>(null);
  const shown = view ?? fitted(drawing, size);
  const latestRef = useRef(shown);
  useLayoutEffect(() => {
    latestRef.current = shown;
  });
  // Another drawing is seen whole first.
  useEffect(() => setView(null), [drawing.width, drawing.height]);
  const frame = useCallback((svg: SVGSVGElement | null) => {
    leaveRef.current?.();
    elementRef.current = svg;
    leaveRef.current = svg === null ? null : attend(svg, { latest: latestRef, setView, setSize });
  }, []);
  const zoom = useCallback((factor: number) => {
    const box = elementRef.current;
    if (box !== null) setView(scaled(latestRef.current, factor, box.clientWidth / 2, box.clientHeight / 2));
  }, []);
  const fit = useCallback(() => setView(null), []);
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const { x, y, scale } = latestRef.current;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => setView({ x: x + stepPx, y, scale }),
      ArrowRight: () => setView({ x: x - stepPx, y, scale }),
      ArrowUp: () => setView({ x, y: y + stepPx, scale }),
      ArrowDown: () => setView({ x, y: y - stepPx, scale }),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': fit,
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }, [fit, zoom]);
  return { view: shown, size, frame, fit, zoom, onKeyDown };
}

function fitted(drawing: Size, size: Size): View {
  if (size.width === 0) return { x: 0, y: 0, scale: 1 };
  const scale = Math.min(scales.fitted, size.width / drawing.width, size.height / drawing.height);
  return { x: (size.width - drawing.width * scale) / 2, y: (size.height - drawing.height * scale) / 2, scale };
}

function scaled({ x, y, scale }: View, factor: number, atX: number, atY: number): View {
  const next = Math.min(scales.most, Math.max(scales.least, scale * factor));
  return { x: atX - ((atX - x) * next) / scale, y: atY - ((atY - y) * next) / scale, scale: next };
}

interface Attention {
  readonly latest: { readonly current: View };
  readonly setView: (view: View) => void;
  readonly setSize: (size: Size) => void;
}

/** Listens to the pointer, the wheel and the size of the frame, until the answer is called. */
function attend(svg: SVGSVGElement, { latest, setView, setSize }: Attention): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  const pointers = new Map<number, { x: number; y: number }>();
  const observer = new ResizeObserver(() => setSize({ width: svg.clientWidth, height: svg.clientHeight }));
  observer.observe(svg);
  const place = ({ clientX, clientY }: MouseEvent): { x: number; y: number } => {
    const { left, top } = svg.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
  }, { signal });
  svg.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = place(event);
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    pointers.set(event.pointerId, now);
    svg.setPointerCapture(event.pointerId);
    if (other === undefined) {
      const { x, y, scale } = latest.current;
      setView({ x: x + now.x - before.x, y: y + now.y - before.y, scale });
    } else {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      setView(scaled(latest.current, factor, (now.x + other.x) / 2, (now.y + other.y) / 2));
    }
  }, { signal });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
    svg.addEventListener(end, (event) => void pointers.delete(event.pointerId), { signal });
  }
  svg.addEventListener('wheel', (event) => {
    // The plain wheel belongs to the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = place(event);
    setView(scaled(latest.current, Math.exp(-event.deltaY * 0.004), x, y));
  }, { signal, passive: false });
  return () => {
    leaving.abort();
    observer.disconnect();
  };
}
