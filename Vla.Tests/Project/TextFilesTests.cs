using System.Text;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Runtime.Http;
using Vla.Runtime.Settings;

namespace Vla.Tests.Project;

/// <summary>
/// Every kind of text file that Vla reads is read alike: a byte order mark is fine, other encodings are refused by
/// name.
/// </summary>
public sealed class TextFilesTests : IDisposable
{
    private const string Token = "abcdefghijklmnop0123456789";

    private static readonly Dictionary<string, string?> Nothing = [];

    /// <summary>Each reads a file and throws when it is not fine; with a file that is.</summary>
    private static readonly Dictionary<string, (Action<string> Read, Func<string> Good)> Readers = new()
    {
        ["settings"] = (
            file => SettingsLoader.Load(file, Nothing, Nothing),
            () => File.ReadAllText(Repository.File("config/vla.json"))
        ),
        ["profile"] = (
            file => RobotProfile.Load(file),
            () => File.ReadAllText(Repository.File("config/robots/tabletop.json"))
        ),
        ["config.json"] = (
            file => PolicyConfig.Read(file),
            () => File.ReadAllText(Path.Combine(TestData.NotebookPolicy, StagedPolicy.ConfigFile))
        ),
        ["vocab.txt"] = (file => InstructionTokenizer.Load(file, 10, PaddingSide.Left), () => "[PAD]\n[UNK]\nred\n"),
        ["token"] = (ReadToken, () => Token),
    };

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Kinds => [.. Readers.Keys];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_byte_order_mark_is_fine(string kind)
    {
        var (read, good) = Readers[kind];

        var file = _directory.Write("file", [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(good())]);

        Assert.Null(Record.Exception(() => read(file)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Text_that_is_not_utf8_is_refused_with_file_byte_and_place(string kind)
    {
        var (read, good) = Readers[kind];
        var text = Encoding.UTF8.GetBytes(good());
        var middle = text.Length / 2;
        var file = _directory.Write("file", [.. text[..middle], 0xe9, .. text[middle..]]);

        var message = Assert.ThrowsAny<Exception>(() => read(file)).Message;

        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains($"byte 0xe9 at offset {middle} ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Utf16_is_recognised(string kind)
    {
        var (read, good) = Readers[kind];
        var file = _directory.Write("file", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(good())]);

        var message = Assert.ThrowsAny<Exception>(() => read(file)).Message;

        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains("UTF-16", message, StringComparison.Ordinal);
    }

    private static void ReadToken(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.True(HttpToken.Read(null, file)!.Is(Token));
    }
}
