using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Runtime;
using Vla.Runtime.Hosting;
using Vla.Runtime.Libraries;
using Vla.Runtime.Policies;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Libraries;

/// <summary>
/// Whole policies that somebody else wrote, good and bad; each library has a name of its own, since one that is loaded
/// stays.
/// </summary>
public sealed class PolicyLibraryTests : IDisposable
{
    private const string Good = """
        public PolicyInfo Info { get; } = new()
        {
            Name = "mine", Description = "", Trained = null, Note = "", StageTypes = new Dictionary<string, string>(),
        };
        public ImageSpec Image { get; } = new(8, 8, [0, 0, 0], [1, 1, 1]);
        public ActionSpec Action { get; } = new(["pan"], ["rad/s"], [0], [1], 1, 20);
        public IReadOnlyList<PolicyStep> Steps { get; } = [new("turn", "turner")];
        public IActorRef Start(IActorRefFactory parent, PolicyHost host) => parent.ActorOf(Props.Empty, "turner");
        """;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_policy_gets_its_argument_and_says_what_it_is_as_it_was_made()
    {
        var file = Write("Mine", "", "(string argument, TimeProvider time)", Good.Replace("\"mine\"", "argument"));

        var policy = PolicyRegistry.Parse($"dll:{Path.GetFileName(file)}#a#b", _folder.Path).Load(Context);

        Assert.Equal(("a#b", "a#b"), (policy.Info.Name, policy.Directory));
        Assert.Same(policy.Info, policy.Info);
        Assert.Equal((8, "turn", 0), (policy.Image.Width, policy.Steps[0].Name, policy.State.Dimensions));
        Assert.Equal(Precision.Float32, policy.PrecisionOn(CPU).Precision);
        Assert.Null(policy.ReadWords("look"));
    }

    [Fact]
    public void All_that_a_policy_can_say_is_handed_through()
    {
        var map = typeof(LibraryPolicy).GetInterfaceMap(typeof(IPolicy));

        Assert.All(map.TargetMethods, method => Assert.Equal(typeof(LibraryPolicy), method.DeclaringType));
    }

    [Fact]
    public void A_file_that_is_missing_or_no_library_or_has_no_policy_is_told()
    {
        File.WriteAllText(_folder.File("text.dll"), "no library");
        var camera = CompiledCode.Write(
            """
            public sealed class OnlyCamera : Vla.Sensors.Cameras.ICamera
            {
                public Vla.Sensors.Cameras.CameraDescription Description => null!;
                public long Read(OpenCvSharp.Mat picture) => 0;
                public void Dispose() { }
            }
            """,
            _folder.File("OnlyCamera.dll")
        );

        Refuses(_folder.File("none.dll"), "is not there: build it and give the path of its .dll");
        Refuses(_folder.File("text.dll"), "is not a .NET assembly that can be loaded here");
        Refuses(camera, "has no class that implements IPolicy; its OnlyCamera is a camera: give it with --camera");
        Assert.Contains(
            "names no file",
            Assert.Throws<UsageException>(() => PolicyRegistry.Parse("dll:#x", "/")).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("WantsInt", "(int number)", "has no public constructor that takes nothing but what there is")]
    [InlineData("Throws", "", "cannot be made: the model\nis gone", "throw new IOException(\"the model\\nis gone\");")]
    public void A_constructor_that_cannot_be_used_is_told_in_one_line(
        string name,
        string parameters,
        string message,
        string body = ""
    )
    {
        var made = body.Length == 0 ? "" : $"public {name}() {{ {body} }}";
        Refuses(Write(name, made, parameters, Good), message.ReplaceLineEndings(" "));
    }

    [Fact]
    public void A_constructor_that_hangs_is_named_by_whoever_bounds_the_loading()
    {
        using var release = new ManualResetEventSlim();
        AppDomain.CurrentDomain.SetData("Hangs", release);
        var file = Write(
            "Hangs",
            "public Hangs() => ((ManualResetEventSlim)AppDomain.CurrentDomain.GetData(\"Hangs\")!).Wait(60_000);",
            "",
            Good
        );

        var hang = Assert.Throws<HangException>(() =>
            BoundedWork.Run("loading the policy", TimeSpan.FromSeconds(1), () => Load(file))
        );

        release.Set();
        Assert.EndsWith($"at making the policy Hangs in '{file}'", hang.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NoInfo", "new()\n{\n    Name = \"mine\",", "null!; PolicyInfo Other => new() { Name = \"\",", "Info")]
    [InlineData("NoPixels", "new(8, 8,", "new(0, 8,", "Image is 0×8 pixels: 1 to 4096 a side")]
    [InlineData("TwoChannels", "[1, 1, 1]", "[1, 1]", "Image has no mean and std above 0 for each of 3 channels")]
    [InlineData("NoNames", "[\"pan\"], [\"rad/s\"], [0], [1]", "[], [], [], []", "Action has no dimensions")]
    [InlineData("FewUnits", "[\"rad/s\"]", "[]", "Action has 1 names, 0 units, 1 mean and 1 std")]
    [InlineData("NaNScale", "[0], [1], 1", "[0], [float.NaN], 1", "Action has a mean or std that is no number")]
    [InlineData("NoHorizon", "[1], 1, 20)", "[1], 0, 20)", "Action's horizon is 0: 1 to 1000")]
    [InlineData("NoStep", "1, 20)", "1, 0)", "Action's step is 0 ms: 0.1 to 10000")]
    [InlineData("Beyond", "1, 20)", "1, 20) { Execution = new() { Execute = 2 } }", "carries out 2 actions")]
    [InlineData("NoSteps", "[new(\"turn\", \"turner\")]", "[]", "Steps are none: name what is done for every picture")]
    [InlineData("TwiceTurn", "\"turner\")]", "\"a\"), new(\"turn\", \"b\")]", "or two of one name")]
    public void What_a_policy_says_of_itself_is_checked(string name, string part, string wrong, string message)
    {
        Assert.Contains(part, Good, StringComparison.Ordinal);

        Refuses(Write(name, "", "", Good.Replace(part, wrong)), message);
    }

    [Theory]
    [InlineData("SaysNothing", "new(8, 8, [0, 0, 0], [1, 1, 1])", "null!", "Image is")]
    [InlineData(
        "ThrowsAsked",
        "{ get; } = new(8, 8, [0, 0, 0], [1, 1, 1])",
        "=> throw new Exception(\"no\\nimage\")",
        "no image"
    )]
    public void A_policy_that_cannot_say_what_it_is_is_told(string name, string part, string wrong, string message) =>
        Refuses(Write(name, "", "", Good.Replace(part, wrong)), message);

    [Theory]
    [InlineData(
        "StartThrows",
        "throw new InvalidOperationException(\"no\\nGPU\")",
        "failed when it was asked for its start: no GPU"
    )]
    [InlineData("StartsNobody", "null!", "its Start gives no actor (null)")]
    public void A_policy_that_cannot_be_started_is_told(string name, string start, string message)
    {
        var policy = Load(Write(name, "", "", Good.Replace("parent.ActorOf(Props.Empty, \"turner\")", start)));
        using var system = ActorSystem.Create("start");

        var error = Assert.Throws<PolicyException>(() => policy.Start(system, Host(policy)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_cannot_read_words_is_told()
    {
        var words = "public InstructionWords? ReadWords(string instruction) => throw new Exception(\"no vocabulary\");";
        var policy = Load(Write("NoWords", words, "", Good));

        var error = Assert.Throws<PolicyException>(() => policy.ReadWords("look"));

        Assert.Contains(
            "failed when it was asked for its words: no vocabulary",
            error.Message,
            StringComparison.Ordinal
        );
    }

    private static PolicyContext Context { get; } =
        new(() => throw new InvalidOperationException("there is no world here"), TimeProvider.System);

    private static IPolicy Load(string file) => PolicyRegistry.Parse($"dll:{file}", "/").Load(Context);

    private static void Refuses(string file, string message)
    {
        var refusal = Assert.Throws<PolicyException>(() => Load(file)).Message;
        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), refusal, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    private static PolicyHost Host(IPolicy policy) =>
        new()
        {
            Observations = ActorRefs.Nobody,
            Instructions = ActorRefs.Nobody,
            Device = CPU,
            Time = TimeProvider.System,
            Monitors = policy.Steps.ToDictionary(
                step => step.Name,
                step => new StageMonitor(step.Stage, TimeProvider.System)
            ),
            Threads = new StageThreads(1, 1, 1, 1),
            Loggers = NullLoggerFactory.Instance,
        };

    private string Write(string name, string more, string parameters, string members) =>
        CompiledCode.Write(
            $$"""
            using Akka.Actor;
            using Vla.Actors.Policies;
            using Vla.Sensors.Images;
            public sealed class {{name}}{{parameters}} : IPolicy
            {
                {{more}}
                {{members}}
            }
            """,
            _folder.File(name + ".dll")
        );
}
