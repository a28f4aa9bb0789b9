import type { ReactNode } from "react";

interface ChoiceProps<T extends string> {
  label: string;
  name: string;
  className?: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  /** Less common ones, behind a list at the end. */
  more?: readonly (readonly [T, string])[];
  onChoose: (value: T) => void;
}

/** Radio buttons in the shape of segments: arrows move within, Tab moves on. */
export function Choice<T extends string>(props: ChoiceProps<T>): ReactNode {
  const { label, name, className, value, choices, more = [], onChoose } = props;
  const among = more.some(([choice]) => choice === value);
  return (
    <fieldset className={`segments ${className ?? ""}`}>
      <legend className="hidden">{label}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice} data-choice={choice}>
          <input type="radio" name={name} checked={choice === value} onChange={() => onChoose(choice)} />
          <span>{text}</span>
        </label>
      ))}
      {more.length > 0 && (
        <select
          aria-label={`${label}, others`}
          data-chosen={among}
          value={among ? value : ""}
          onChange={(event) => event.target.value !== "" && onChoose(event.target.value as T)}
        >
          <option value="" disabled>
            Other
          </option>
          {more.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      )}
    </fieldset>
  );
}
