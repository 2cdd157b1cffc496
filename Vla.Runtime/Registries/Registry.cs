namespace Vla.Runtime.Registries;

/// <summary>One kind of camera, robot or output that a setting can name.</summary>
/// <typeparam name="T">What is read of the name; it opens the thing.</typeparam>
/// <param name="Form">How it is written, for messages: <c>udp://HOST:PORT</c>.</param>
/// <param name="Read">
/// Reads a name; null when it is one of another kind. Throws for one of this kind that is written wrongly.
/// </param>
public sealed record Kind<T>(string Form, Func<string, T?> Read)
    where T : class;

/// <summary>The kinds that there are, each one line of a table.</summary>
/// <typeparam name="T">What is read of a name.</typeparam>
/// <param name="kinds">Asked in this order.</param>
public sealed class Registry<T>(params IReadOnlyList<Kind<T>> kinds)
    where T : class
{
    /// <summary>All forms, for a message.</summary>
    public string Possible { get; } =
        kinds.Count == 1
            ? kinds[0].Form
            : $"{string.Join(", ", kinds.SkipLast(1).Select(kind => kind.Form))} or {kinds[^1].Form}";

    /// <summary>What a text names; null when it is of none of the kinds.</summary>
    public T? Find(string text) => kinds.Select(kind => kind.Read(text)).FirstOrDefault(found => found is not null);
}
