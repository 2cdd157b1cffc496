using System.Text.RegularExpressions;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>Tokens that are found in a text as they stand, before anything else is done with it.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (bool Left, bool Right)> _strips = new(StringComparer.Ordinal);
    private readonly Regex? _any;

    public AddedTokens(TokenizerPart? list)
    {
        foreach (var item in list?.Items() ?? [])
        {
            var content = item.Required("content").Text();
            if (content.Length == 0)
                continue;
            _ids[content] = item.Required("id").Integer();
            _strips[content] = (item.Flag("lstrip"), item.Flag("rstrip"));
        }

        if (_ids.Count > 0)
            _any = new Regex(
                string.Join('|', _ids.Keys.OrderByDescending(token => token.Length).Select(Regex.Escape)),
                RegexOptions.CultureInvariant
            );
    }

    public int LargestId => _ids.Values.DefaultIfEmpty(0).Max();

    /// <summary>A text in pieces: a token's id, or text that is none.</summary>
    public IEnumerable<(string Piece, int? Id)> Split(string text)
    {
        var from = 0;
        for (var match = _any?.Match(text); match is { Success: true }; match = match.NextMatch())
        {
            var (left, right) = _strips[match.Value];
            var between = text[from..match.Index];
            if (left)
                between = between.TrimEnd();
            if (between.Length > 0)
                yield return (between, null);
            yield return ("", _ids[match.Value]);
            from = match.Index + match.Length;
            while (right && from < text.Length && char.IsWhiteSpace(text[from]))
                from++;
        }

        if (from < text.Length)
            yield return (text[from..], null);
    }
}
