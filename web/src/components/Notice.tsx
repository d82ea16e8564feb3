// Something went wrong, in words, with the one thing to do about it.
interface Props {
  text: string;
  action: string;
  onAction: () => void;
}

export function Notice({ text, action, onAction }: Props) {
  return (
    <div className="banner banner-problem" role="alert">
      <span>{text}</span>
      <button type="button" className="link" onClick={onAction}>
        {action}
      </button>
    </div>
  );
}
