/** How a photo lies in its frame: scale, shift in pixels from the middle, turn in degrees. Pure. */
const LARGEST = 8;

export class PhotoView {
  scale = 1;
  x = 0;
  y = 0;
  turn = 0;

  /** Scales around a point of the frame (pixels from its middle), so that what is under it stays there. */
  zoom(factor: number, x = 0, y = 0): void {
    const scale = Math.min(LARGEST, Math.max(1, this.scale * factor));
    const grown = scale / this.scale;
    this.x = scale === 1 ? 0 : x - (x - this.x) * grown;
    this.y = scale === 1 ? 0 : y - (y - this.y) * grown;
    this.scale = scale;
  }

  /** Only an enlarged photo can be moved. */
  move(x: number, y: number): void {
    if (this.scale === 1) return;
    this.x += x;
    this.y += y;
  }

  rotate(): void {
    this.turn = (this.turn + 90) % 360;
  }

  toggle(): void {
    if (this.scale > 1) this.reset();
    else this.zoom(2.5);
  }

  reset(): void {
    Object.assign(this, { scale: 1, x: 0, y: 0, turn: 0 });
  }
}
