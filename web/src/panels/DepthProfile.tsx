/** How much stands within so many basis points of the middle, each side as bars. */
import type { ReactNode } from "react";
import { decimalOf, formatGrouped, quotient, trimmed } from "../decimal";
import { quantity } from "../stores/text";
import type { DepthStep, Instrument, Statistics } from "../wire/types";

export function DepthProfile({
  instrument,
  statistics,
}: {
  instrument: Instrument;
  statistics: Statistics | null;
}): ReactNode {
  const steps = statistics?.depth ?? [];
  const most = steps.at(-1);
  const share = (text: string): number => {
    const whole = decimalOf(
      most && decimalOf(most.bid_value).units > decimalOf(most.ask_value).units ? most.bid_value : most?.ask_value,
    );
    if (whole.units === 0n) return 0;
    return Number(quotient(decimalOf(text), whole, 4, "floor").units) / 10_000;
  };
  return (
    <section className="profile">
      <h4>Depth about the middle, in {instrument.base}</h4>
      {steps.length === 0 ? (
        <p className="quiet">Without a bid and an ask there is no middle.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col" className="right">
                Bids
              </th>
              <th scope="col">Within</th>
              <th scope="col">Asks</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <Step key={step.bps} step={step} share={share} quote={instrument.quote} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface StepProps {
  step: DepthStep;
  share: (text: string) => number;
  quote: string;
}

function Step({ step, share, quote }: StepProps): ReactNode {
  const within = `${formatGrouped(trimmed({ units: BigInt(step.bps), scale: 2 }))} %`;
  return (
    <tr>
      <td className="right" title={`${step.bid_value} ${quote}`}>
        <i data-side="buy" style={{ transform: `scaleX(${share(step.bid_value)})` }} />
        <b>{quantity(step.bid_quantity)}</b>
      </td>
      <td>{within}</td>
      <td title={`${step.ask_value} ${quote}`}>
        <i data-side="sell" style={{ transform: `scaleX(${share(step.ask_value)})` }} />
        <b>{quantity(step.ask_quantity)}</b>
      </td>
    </tr>
  );
}
