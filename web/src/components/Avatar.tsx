// A coloured disc with a name's first letter; the same name has the same colour everywhere.
const colours = 8;

function colourOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 65_521;
  return hash % colours;
}

export function Avatar({ name }: { name: string }) {
  const [initial = "?"] = name;
  return (
    <span className={`avatar avatar-${colourOf(name)}`} aria-hidden="true">
      {initial.toLocaleUpperCase()}
    </span>
  );
}
