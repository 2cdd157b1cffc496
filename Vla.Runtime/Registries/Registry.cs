namespace Vla.Runtime.Registries;

/// <summary>One kind of camera, robot, output or policy that a setting can name.</summary>
/// <typeparam name="T">What is read of the name; it opens the thing.</typeparam>
/// <param name="Form">How it is written, for messages: <c>udp://HOST:PORT</c>.</param>
/// <param name="Read">
/// Reads a name; null when it is one of another kind. Throws for one of this kind that is written wrongly.
/// </param>
/// <param name="About">What it is, for the help of commands; empty where the form says it.</param>
internal sealed record Kind<T>(string Form, Func<string, T?> Read, string About = "")
    where T : class;

/// <summary>The kinds that there are, each one line of a table.</summary>
/// <typeparam name="T">What is read of a name.</typeparam>
/// <param name="kinds">Asked in this order.</param>
internal sealed class Registry<T>(params IReadOnlyList<Kind<T>> kinds)
    where T : class
{
    /// <summary>All forms, for a message.</summary>
    public string Possible { get; } = List(kinds.Select(kind => kind.Form));

    /// <summary>All forms and what they are, for the help of commands.</summary>
    public string Help { get; } =
        List(kinds.Select(kind => kind.About.Length == 0 ? kind.Form : $"{kind.Form} ({kind.About})"));

    /// <summary>What a text names; null when it is of none of the kinds.</summary>
    public T? Find(string text) => kinds.Select(kind => kind.Read(text)).FirstOrDefault(found => found is not null);

    private static string List(IEnumerable<string> forms) =>
        forms.ToArray() is [.. var first, var last] && first.Length > 0
            ? $"{string.Join(", ", first)} or {last}"
            : string.Concat(forms);
}
