using System.Text.RegularExpressions;

namespace Vla.Tests;

/// <summary>What the project says of itself: README.md and the pages in docs/.</summary>
internal static partial class Documentation
{
    /// <summary>
    /// The pages of the root first, then those of docs/ in alphabetical order; each by its path from the repository's
    /// root.
    /// </summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        .. Directory
            .GetFiles(Repository.File("docs"), "*.md")
            .Select(file => $"docs/{Path.GetFileName(file)}")
            .Order(StringComparer.Ordinal),
    ];

    public static string Read(string page) => File.ReadAllText(Repository.File(page));

    /// <summary>The one block of C#, on whichever page, that contains the text.</summary>
    public static string CodeWith(string text) =>
        Assert.Single(
            Pages.SelectMany(page => Blocks(page, "csharp")),
            code => code.Contains(text, StringComparison.Ordinal)
        );

    /// <summary>The one block of a page in the language that contains the text.</summary>
    public static string BlockWith(string page, string language, string text) =>
        Assert.Single(Blocks(page, language), block => block.Contains(text, StringComparison.Ordinal));

    /// <summary>The blocks of a page that are marked with the language, without their fences.</summary>
    public static IEnumerable<string> Blocks(string page, string language) =>
        Block()
            .Matches(Read(page))
            .Where(block => block.Groups["language"].Value == language)
            .Select(block => block.Groups["text"].Value);

    /// <summary>
    /// What comes after <c>./vla</c> wherever a page shows a command, in blocks and in the text, without its comment.
    /// </summary>
    public static IEnumerable<string> CommandLines(string page) =>
        Blocks(page, "sh")
            .SelectMany(block => block.Split('\n'))
            .SelectMany(line => Comment().Replace(line, "").Split("&&"))
            .Concat(InText().Matches(Read(page)).Select(code => code.Groups["code"].Value))
            .Select(line => Launcher().Match(line))
            .Where(match => match.Success)
            .Select(match => match.Groups["arguments"].Value.Trim());

    /// <summary>The words of a command line as a shell makes them.</summary>
    public static string[] Words(string line) =>
        [
            .. Word()
                .Matches(line)
                .Select(word =>
                    word.Value.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal)
                ),
        ];

    [GeneratedRegex("`(?<code>(sudo )?([A-Z][A-Za-z_]*=[^ `]* )?\\./vla [^`]+)`")]
    private static partial Regex InText();

    /// <summary>Settings of the environment may stand before it.</summary>
    [GeneratedRegex(@"^\s*(sudo )?([A-Z][A-Za-z_]*=\S* )*\./vla(?<arguments> .*)$")]
    private static partial Regex Launcher();

    [GeneratedRegex(@"(^|\s)#( .*|$)")]
    private static partial Regex Comment();

    [GeneratedRegex("""(?:"[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Word();

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
