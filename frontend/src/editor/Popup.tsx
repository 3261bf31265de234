import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface Props {
  button: ReactNode;
  className?: string;
  /** Whether the popup ends where the button ends. */
  right?: boolean;
  children: (close: () => void) => ReactNode;
}

/** A button, and what it shows below itself until Escape or a click elsewhere. */
export function Popup({ button, className = "", right, children }: Props): ReactNode {
  const [shown, setShown] = useState(false);
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!shown) return undefined;
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setShown(false);
    };
    // While it is captured: the canvas keeps clicks to itself.
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("focusin", outside);
    };
  }, [shown]);
  // What is chosen has the keyboard, and is gone then.
  const close = () => {
    setShown(false);
    opener.current?.focus();
  };
  return (
    <div
      ref={place}
      className="ed-popup-place"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !shown) return;
        event.preventDefault();
        close();
      }}
    >
      <button
        ref={opener}
        type="button"
        className={`ed-button ${className}`}
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setShown(!shown)}
      >
        {button}
      </button>
      {shown && (
        <div id={id} className={`ed-popup${right ? " ed-popup-right" : ""}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
