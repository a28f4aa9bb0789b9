import type { KeyboardEvent, ReactNode, RefObject } from "react";

interface NumberFieldProps {
  id: string;
  field?: RefObject<HTMLInputElement | null>;
  label: string;
  hint: string;
  value: string;
  placeholder: string;
  disabled?: boolean;
  error: string | undefined;
  onChange: (text: string) => void;
  onStep: (steps: number) => void;
}

/** A number with steps: arrows move one, with Shift ten. */
export function NumberField(props: NumberFieldProps): ReactNode {
  const { id, field, label, hint, value, placeholder, disabled, error, onChange, onStep } = props;
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    onStep((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <span className="hint">{hint}</span>
      <span className="number">
        <button type="button" tabIndex={-1} disabled={disabled} onClick={() => onStep(-1)} aria-label={`${id} down`}>
          −
        </button>
        <input
          id={id}
          ref={field}
          inputMode="decimal"
          autoComplete="off"
          value={value}
          placeholder={placeholder}
          disabled={disabled}
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-error`}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={press}
        />
        <button type="button" tabIndex={-1} disabled={disabled} onClick={() => onStep(1)} aria-label={`${id} up`}>
          +
        </button>
      </span>
      <p className="error" id={`${id}-error`} role={error ? "alert" : undefined}>
        {error}
      </p>
    </div>
  );
}
