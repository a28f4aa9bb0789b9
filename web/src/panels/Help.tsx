import { type ReactNode, useEffect, useRef } from "react";
import { SHORTCUTS } from "../shortcuts";
import { useCell } from "../stores/cell";
import { change, settings } from "../stores/settings";

/** The keyboard page; a modal dialog that Esc closes. */
export function Help({ onClose }: { onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const { confirm } = useCell(settings);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="help" onClose={onClose} aria-labelledby="help-title">
      <header className="panel-head">
        <h2 id="help-title">Keyboard</h2>
        <button type="button" className="icon" onClick={onClose} aria-label="Close">
          ×
        </button>
      </header>
      <dl>
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={confirm} onChange={(event) => change({ confirm: event.target.checked })} />
        Review every order before it is sent
      </label>
      <p className="quiet licences">
        Built with others' work: <a href="/licences.md">licences</a>, <a href="/inter-licence.txt">typeface</a>.
      </p>
    </dialog>
  );
}
