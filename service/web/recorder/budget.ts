// Budgets: so many units a second, with some seconds in hand.

const IN_HAND_S = 10;

export class Budget {
  private left: number;
  private at = performance.now();

  constructor(private readonly perSecond: number) {
    this.left = perSecond * IN_HAND_S;
  }

  /** Spend some; whether there was that much. One that is larger than everything in hand may still be spent on a full hand. */
  take(units: number): boolean {
    this.refill();
    if (this.left <= 0) return false;
    this.left -= units;
    return true;
  }

  /** Whether half of what may be in hand is there again. */
  isCalm(): boolean {
    this.refill();
    return this.left >= (this.perSecond * IN_HAND_S) / 2;
  }

  private refill(): void {
    const now = performance.now();
    this.left = Math.min(this.perSecond * IN_HAND_S, this.left + ((now - this.at) / 1_000) * this.perSecond);
    this.at = now;
  }
}
