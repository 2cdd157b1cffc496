using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Vla.Actors.Checkpoints;
using Vla.Actors.Checkpoints.Pickling;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Act.Modules;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Training;
using Vla.Runtime;
using Vla.Runtime.Commands;
using Vla.Runtime.Http;
using Vla.Runtime.Learning;
using Vla.Runtime.Settings;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Demonstrations;
using Vla.Sensors.Videos;
using Vla.Tests.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Tests.Project;

/// <summary>
/// Whatever a file holds, a parser reads it or refuses it in one line: no other exception, no hang, no growth. Some
/// thousand damaged files for each parser; as many as the environment variable VLA_FUZZ says where it is set, such as
/// 100000.
/// </summary>
public sealed partial class ParserFuzzTests : IDisposable
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
        ["pickles"] = new(
            () => [.. Fixtures("checkpoints")().Select(Pickle)],
            path => StateDictFinder.Find(path, StateDictUnpickler.Read(path, File.ReadAllBytes(path)))
        ),
        ["pickles in archives"] = new(() => [.. Fixtures("checkpoints")().Select(Pickle)], ReadCheckpoint, PackPickle),
        ["safetensors"] = new(() => [Safetensors(1), Safetensors(20)], ReadCheckpoint),
        ["TorchScript"] = new(Fixtures("torchscript"), TorchScriptArchive.Check),
        ["vocab.txt"] = new(
            Text("[PAD]\n[UNK]\nred\nblock\n##ed\n", "[UNK]\r\n[PAD]\r\né\r\n"),
            path => InstructionTokenizer.Load(path, 10, PaddingSide.Left)
        ),
        ["config.json"] = new(
            Files("config/policies/notebook/config.json", "config/policies/tabletop/config.json"),
            path => PolicyConfig.Read(path)
        ),
        ["robot profiles"] = new(
            Files("config/robots/notebook.json", "config/robots/tabletop.json"),
            path => RobotProfile.Load(path)
        ),
        ["LeRobot configurations"] = new(
            Fixture("act/tiny/config.json", "act/tiny-legacy/config.json"),
            path => ActConfig.Read(path)
        ),
        ["LeRobot processors"] = new(
            Fixture("act/tiny/policy_preprocessor.json", "act/tiny/policy_postprocessor.json"),
            ReadProcessors
        ),
        ["LeRobot statistics"] = new(
            Fixture("act/tiny/policy_preprocessor_step_3_normalizer_processor.safetensors"),
            ReadStatistics
        ),
        ["observations of vla forward"] = new(() => [Observations()], ReadObservations),
        ["states of trainings"] = new(Text(SavedTraining), ReadTraining),
        ["requests of recordings"] = new(Text("""{"seed": 7, "level": "level1", "noise": true}"""), ReadRequest),
        ["loss logs"] = new(
            Text("step,…\n1,0.5,0.001,1,1,0,0,NaN,NaN,NaN,NaN\n2,1,0.001,1,1,0,0,1,1,0,0\n"),
            ReadLossLog
        ),
        ["what ffprobe says"] = new(
            Text(Ffprobe),
            path => Unless<JsonException>(() => VideoDescription.Parse(File.ReadAllText(path)))
        ),
        ["bodies of instructions"] = new(
            Text("pick up the red block", "instruction=pick+up&x=1", """{"instruction": "pick \u00fcp"}"""),
            ReadInstruction
        ),
        ["bodies of tables"] = new(
            Text("""{"seed": 7}""", ""),
            path => Unless<JsonException>(() => WorldApi.ReadSeed(File.ReadAllBytes(path)))
        ),
        ["settings"] = new(Files("config/vla.json"), path => SettingsLoader.Load(path, Nothing, Nothing)),
    };

    /// <summary>Of the four tensors that the fixtures hold.</summary>
    private static readonly int[] StorageBytes = [24, 12, 24, 8];

    private const string SavedTraining = """
        {
          "step": 20,
          "options": { "steps": 20, "batch_size": 4, "seed": 4, "learning_rate": 0.005, "warm_up_steps": 2 },
          "data": { "samples": 40, "instructions": 2, "last_episode": 39, "content": "00ff00ff00ff00ff" }
        }
        """;

    private const string Ffprobe = """
        { "streams": [ { "codec_name": "h264", "codec_tag_string": "avc1", "pix_fmt": "yuv420p", "width": 640,
          "height": 480,
          "avg_frame_rate": "30000/1001", "r_frame_rate": "30/1", "duration": "12.5" } ] }
        """;

    /// <summary>As a browser, <c>curl</c> and programs say it; which one follows from the body.</summary>
    private static readonly string?[] ContentTypes =
    [
        null,
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-16",
        "text/plain; charset=latin1",
        "application/json; charset=\"utf-8\"",
        "text/plain; charset=utf-7",
        "text/\"; charset=",
    ];

    private static readonly Lazy<StagedPolicy> Notebook = new(() => StagedPolicy.Load(TestData.NotebookPolicy));

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Kinds => [.. Parsers.Keys, .. OfOthers.Keys];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_files_are_read_or_refused_in_one_line(string kind)
    {
        var parser = Parsers.GetValueOrDefault(kind) ?? OfOthers[kind];
        var mutations = new Mutations(parser.Seeds());
        var count = int.TryParse(
            Environment.GetEnvironmentVariable("VLA_FUZZ"),
            CultureInfo.InvariantCulture,
            out var many
        )
            ? many
            : Few;
        for (var number = 0; number < count; number++)
        {
            var content = parser.Around(mutations.Make(number));
            var file = _directory.Write("file", content);
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            var error = Record.Exception(() => parser.Read(file));
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            var what = $"{kind}, file {number} of {content.Length} bytes";
            Assert.True(
                error
                    is null
                        or PolicyException
                        or CheckpointException
                        or RobotProfileException
                        or RobotException
                        or UsageException
                        or DatasetException
                        or TrainingException,
                $"{what}: {error}"
            );
            Assert.False(error?.Message.Contains('\n', StringComparison.Ordinal) ?? false, $"{what}: {error?.Message}");
            Assert.True(
                allocated < Allowed + AllowedForEachByte * content.Length,
                $"{what}: allocated {allocated:N0} bytes"
            );
            Assert.True(clock.Elapsed < Longest, $"{what}: took {clock.Elapsed}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_damaged_was_fine(string kind)
    {
        var parser = Parsers.GetValueOrDefault(kind) ?? OfOthers[kind];
        var read = parser
            .Seeds()
            .Count(seed => Record.Exception(() => parser.Read(_directory.Write("file", parser.Around(seed)))) is null);

        Assert.True(read > 0 && read >= parser.Seeds().Count / 2, $"{read} of {parser.Seeds().Count} were read");
    }

    private static void ReadCheckpoint(string path)
    {
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Tensors.Keys)
        {
            if (checkpoint.Tensors[name].ElementCount < 1 << 20)
                checkpoint.ReadTensor(name).Dispose();
        }
    }

    private static void ReadProcessors(string path) => InPolicy(path, "policy_preprocessor.json");

    private static void ReadStatistics(string path) =>
        InPolicy(path, "policy_preprocessor_step_3_normalizer_processor.safetensors");

    /// <summary>
    /// Puts the file into a LeRobot policy's directory under a name of one of its files, and reads that policy's
    /// processors.
    /// </summary>
    private static void InPolicy(string path, string file)
    {
        using var scope = NewDisposeScope();
        var directory = Path.GetDirectoryName(path)!;
        foreach (var name in Directory.GetFiles(TestData.Path("act/tiny"), "policy_*").Select(Path.GetFileName))
        {
            if (!File.Exists(Path.Combine(directory, name!)))
                File.Copy(TestData.Path($"act/tiny/{name}"), Path.Combine(directory, name!));
        }

        var config = LeRobotConfig.Read(TestData.Path("act/tiny/config.json"));
        File.Copy(path, Path.Combine(directory, file), overwrite: true);
        // Of the present format: statistics among the weights are not looked for.
        LeRobotProcessors.Read(directory, config, null!, CPU).Dispose();
    }

    private static byte[] Observations()
    {
        using var scope = NewDisposeScope();
        using var directory = new TemporaryDirectory();
        SafetensorsWriter.Write(
            directory.File("a"),
            new Dictionary<string, Tensor> { ["image"] = zeros(1, 3, 8, 8), ["text"] = ones(1, 10, int64) },
            new Dictionary<string, string>()
        );
        return File.ReadAllBytes(directory.File("a"));
    }

    private static void ReadObservations(string path)
    {
        using var scope = NewDisposeScope();
        ForwardInput.FromFile(Notebook.Value, path).Dispose();
    }

    private static void ReadTraining(string path)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(path)!, "training")).FullName;
        File.Copy(path, Path.Combine(folder, "state.json"), overwrite: true);
        var (options, step) = TrainingSession.Begun(Path.GetDirectoryName(path)!);
        Assert.True(options.BatchSize > 0 && options.Steps > 0 && step >= 0);
    }

    private static void ReadRequest(string path)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(path)!, "meta")).FullName;
        File.Copy(path, Path.Combine(folder, "vla_record.json"), overwrite: true);
        new DemonstrationRequest(7, "level1", Noise: true).Claim(Path.GetDirectoryName(path)!, episodes: 1);
    }

    private static void ReadLossLog(string path)
    {
        File.Copy(path, Path.Combine(Path.GetDirectoryName(path)!, "loss.csv"), overwrite: true);
        _ = new LossLog(Path.GetDirectoryName(path)!, fromStep: 10).SecondsBeforeStart;
    }

    private static void ReadInstruction(string path)
    {
        var body = File.ReadAllBytes(path);
        var request = new DefaultHttpContext().Request;
        (request.Body, request.ContentType) = (
            new MemoryStream(body),
            ContentTypes[body.Sum(one => one) % ContentTypes.Length]
        );
        var (text, status, problem) = InstructionBody
            .ReadAsync(request, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        Assert.True(
            text is not null
                || (status is 400 or 415 && problem.Length > 0 && !problem.Contains('\n', StringComparison.Ordinal))
        );
    }

    private static void Unless<T>(Action read)
        where T : Exception
    {
        try
        {
            read();
        }
        catch (T)
        {
            // What it says it throws, and whoever calls it answers.
        }
    }

    private static Func<IReadOnlyList<byte[]>> Fixture(params string[] names) =>
        () => [.. names.Select(name => File.ReadAllBytes(TestData.Path(name)))];

    private static Func<IReadOnlyList<byte[]>> Fixtures(string folder) =>
        () =>
            [
                .. Directory
                    .GetFiles(TestData.Path(folder))
                    .Where(file => !file.EndsWith(".py", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
                    .Select(File.ReadAllBytes),
            ];

    private static Func<IReadOnlyList<byte[]>> Files(params string[] names) =>
        () => [.. names.Select(name => File.ReadAllBytes(Repository.File(name)))];

    private static Func<IReadOnlyList<byte[]>> Text(params string[] texts) =>
        () => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static byte[] Safetensors(int count)
    {
        using var scope = NewDisposeScope();
        using var directory = new TemporaryDirectory();
        var file = directory.File("a");
        SafetensorsWriter.Write(
            file,
            Enumerable.Range(0, count).ToDictionary(i => $"part.{i}", i => ones(i + 1, 2)),
            new Dictionary<string, string> { ["a"] = "b" }
        );
        return File.ReadAllBytes(file);
    }

    // Of the format before archives the file is one.
    private static byte[] Pickle(byte[] archive)
    {
        using var directory = new TemporaryDirectory();
        if (!archive.AsSpan().StartsWith("PK"u8))
            return archive;
        using var opened = TorchArchive.Open(directory.Write("a", archive));
        return opened.ReadWhole(
            opened.Files.Values.First(file => file.Name.EndsWith("data.pkl", StringComparison.Ordinal)),
            1 << 20
        );
    }

    private static byte[] PackPickle(byte[] pickle) =>
        PickleWriter.Archive([
            ("data.pkl", pickle),
            .. StorageBytes.Select((count, i) => ($"data/{i}", new byte[count])),
        ]);

    /// <param name="Seeds">Files that are fine, most of them.</param>
    /// <param name="Read">Reads a file.</param>
    /// <param name="Wrap">What is put around what was damaged; null for nothing.</param>
    private sealed record Parser(
        Func<IReadOnlyList<byte[]>> Seeds,
        Action<string> Read,
        Func<byte[], byte[]>? Wrap = null
    )
    {
        public byte[] Around(byte[] content) => Wrap is null ? content : Wrap(content);
    }
}
