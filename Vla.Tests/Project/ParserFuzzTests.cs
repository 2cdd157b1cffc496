using System.Diagnostics;
using System.Globalization;
using System.Text;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Settings;
using Vla.Tests.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Tests.Project;

/// <summary>
/// Whatever a file holds, a parser reads it or refuses it in one line: no other exception, no hang, no growth. Some thousand damaged
/// files for each parser; as many as the environment variable VLA_FUZZ says where it is set, such as 100000.
/// </summary>
public sealed class ParserFuzzTests : IDisposable
{
    private const int Few = 1_500;

    // What a parser may allocate for a file: so much, and so many times the file.
    private const long Allowed = 32 << 20;
    private const long AllowedForEachByte = 2_000;

    /// <summary>Much more than any takes, so that only what does not end is found on a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<string, string?> Nothing = [];

    private static readonly Dictionary<string, Parser> Parsers = new()
    {
        ["PyTorch archives"] = new(Fixtures("checkpoints"), ReadCheckpoint),
        ["pickles"] = new(() => [.. Fixtures("checkpoints")().Select(Pickle)], path => StateDictFinder.Find(path, StateDictUnpickler.Read(path, File.ReadAllBytes(path)))),
        ["pickles in archives"] = new(() => [.. Fixtures("checkpoints")().Select(Pickle)], ReadCheckpoint, PackPickle),
        ["safetensors"] = new(() => [Safetensors(1), Safetensors(20)], ReadCheckpoint),
        ["TorchScript"] = new(Fixtures("torchscript"), TorchScriptArchive.Check),
        ["vocab.txt"] = new(Text("[PAD]\n[UNK]\nred\nblock\n##ed\n", "[UNK]\r\n[PAD]\r\né\r\n"), path => InstructionTokenizer.Load(path, 10, PaddingSide.Left)),
        ["config.json"] = new(Files("config/policies/notebook/config.json", "config/policies/tabletop/config.json"), path => PolicyConfig.Read(path)),
        ["robot profiles"] = new(Files("config/robots/notebook.json", "config/robots/tabletop.json"), path => RobotProfile.Load(path)),
        ["settings"] = new(Files("config/vla.json"), path => SettingsLoader.Load(path, Nothing, Nothing)),
    };

    /// <summary>Of the four tensors that the fixtures hold.</summary>
    private static readonly int[] StorageBytes = [24, 12, 24, 8];

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Kinds => [.. Parsers.Keys];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_files_are_read_or_refused_in_one_line(string kind)
    {
        var parser = Parsers[kind];
        var mutations = new Mutations(parser.Seeds());
        var count = int.TryParse(Environment.GetEnvironmentVariable("VLA_FUZZ"), CultureInfo.InvariantCulture, out var many) ? many : Few;
        for (var number = 0; number < count; number++)
        {
            var content = parser.Around(mutations.Make(number));
            var file = _directory.Write("file", content);
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            var error = Record.Exception(() => parser.Read(file));
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            var what = $"{kind}, file {number} of {content.Length} bytes";
            Assert.True(error is null or PolicyException or RobotProfileException or UsageException, $"{what}: {error}");
            Assert.False(error?.Message.Contains('\n', StringComparison.Ordinal) ?? false, $"{what}: {error?.Message}");
            Assert.True(allocated < Allowed + AllowedForEachByte * content.Length, $"{what}: allocated {allocated:N0} bytes");
            Assert.True(clock.Elapsed < Longest, $"{what}: took {clock.Elapsed}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_damaged_was_fine(string kind)
    {
        var parser = Parsers[kind];
        var read = parser.Seeds().Count(seed => Record.Exception(() => parser.Read(_directory.Write("file", parser.Around(seed)))) is null);

        Assert.True(read > 0 && read >= parser.Seeds().Count / 2, $"{read} of {parser.Seeds().Count} were read");
    }

    private static void ReadCheckpoint(string path)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Tensors.Keys)
        {
            if (checkpoint.Tensors[name].ElementCount < 1 << 20) checkpoint.ReadTensor(name).Dispose();
        }
    }

    private static Func<IReadOnlyList<byte[]>> Fixtures(string folder) =>
        () => [.. Directory.GetFiles(TestData.Path(folder)).Where(file => !file.EndsWith(".py", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static Func<IReadOnlyList<byte[]>> Files(params string[] names) => () => [.. names.Select(name => File.ReadAllBytes(Repository.File(name)))];

    private static Func<IReadOnlyList<byte[]>> Text(params string[] texts) => () => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static byte[] Safetensors(int count)
    {
        using var scope = NewDisposeScope();
        using var directory = new TemporaryDirectory();
        var file = directory.File("a");
        SafetensorsWriter.Write(file, Enumerable.Range(0, count).ToDictionary(i => $"part.{i}", i => ones(i + 1, 2)), new Dictionary<string, string> { ["a"] = "b" });
        return File.ReadAllBytes(file);
    }

    // Of the format before archives the file is one.
    private static byte[] Pickle(byte[] archive)
    {
        using var directory = new TemporaryDirectory();
        if (!archive.AsSpan().StartsWith("PK"u8)) return archive;
        using var opened = TorchArchive.Open(directory.Write("a", archive));
        return opened.ReadWhole(opened.Files.Values.First(file => file.Name.EndsWith("data.pkl", StringComparison.Ordinal)), 1 << 20);
    }

    private static byte[] PackPickle(byte[] pickle)
        => PickleWriter.Archive([("data.pkl", pickle), .. StorageBytes.Select((count, i) => ($"data/{i}", new byte[count]))]);

    /// <param name="Seeds">Files that are fine, most of them.</param>
    /// <param name="Read">Reads a file.</param>
    /// <param name="Wrap">What is put around what was damaged; null for nothing.</param>
    private sealed record Parser(Func<IReadOnlyList<byte[]>> Seeds, Action<string> Read, Func<byte[], byte[]>? Wrap = null)
    {
        public byte[] Around(byte[] content) => Wrap is null ? content : Wrap(content);
    }
}
