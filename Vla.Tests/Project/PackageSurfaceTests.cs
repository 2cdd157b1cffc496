using Mono.Cecil;
using Vla.Actors.Policies;
using Vla.Sensors;

namespace Vla.Tests.Project;

/// <summary>
/// What the packages show: what a user begins with, what that speaks of, and nothing else. Whoever makes a type public
/// puts it into the list, with what for.
/// </summary>
public sealed class PackageSurfaceTests
{
    /// <summary>What users of the packages begin with, by what they are about.</summary>
    private static readonly Dictionary<string, string> Beginnings = new()
    {
        ["cameras of one's own, and those that there are"] = """
            Cameras.ICamera Cameras.CameraSource Cameras.CameraException Cameras.CameraLostException
            Cameras.CameraEndedException Cameras.VideoDevices MonotonicTime
            """,
        ["pictures and observations"] = """
            Observations.Observation Images.ImagePreparation Images.PictureDecoder Images.PictureException
            """,
        ["LeRobot datasets, read and written"] = """
            Datasets.LeRobotDataset Datasets.DatasetWriter Datasets.DatasetException
            """,
        ["the simulated tabletop: its world, cameras, tasks and expert"] = """
            Simulation.LiveWorld Simulation.WorldCamera Simulation.Drawing.TabletopRenderer Simulation.Tasks.Expert
            Simulation.Tasks.TaskJudge Simulation.Tasks.TaskWords
            """,
        ["policies of one's own, and those in directories"] = """
            Policies.IPolicy Policies.IPolicyFamily Policies.PolicyFamilies Policies.PolicyException
            Policies.ConfigSection
            """,
        ["an encoder of one's own for an RT-1's instructions"] = """
            Policies.Rt1.Rt1Family Policies.Rt1.ISentenceEncoder
            """,
        ["types of stages of one's own"] = """
            Policies.Staged.IVisionType Policies.Staged.ILanguageType Policies.Staged.IFusionType
            Policies.Staged.IDecoderType Policies.Staged.Fusion.StateFusion Policies.Staged.StageTypes
            """,
        ["the notebook's model"] = """
            Policies.Staged.SimpleVLA Policies.Staged.VisionEncoder Policies.Staged.LanguageEncoder
            Policies.Staged.FusionLayer Policies.Staged.ActionDecoder
            """,
        ["stages as actors: one's own, and those that stand beside it in a test"] = """
            Stages.StageActor`1 Stages.WholePolicyActor Policies.Staged.Actors.VisionEncoderActor
            Policies.Staged.Actors.LanguageEncoderActor Policies.Staged.Actors.FusionActor
            Policies.Staged.Actors.ActionDecoderActor Observations.ObservationActor Cameras.CameraActor
            Instructions.InstructionActor Control.PublisherActor
            """,
        ["the messages between them"] = """
            Pipeline.Ready Pipeline.ObservationCaptured Pipeline.GiveInstruction Pipeline.InstructionRefused
            Pipeline.InstructionStopped Pipeline.InstructionWanted Pipeline.InstructionChanged
            Pipeline.VisionEncoded Pipeline.LanguageEncoded Pipeline.FeaturesFused Pipeline.ActionDecoded
            """,
        ["a controller in a program of one's own"] = """
            Wiring.PipelineWiring Wiring.PipelineConfig Control.ControlLoop Torch.TorchDevice Torch.DeviceException
            """,
        ["robots and outputs of one's own"] = """
            Robots.IRobot Robots.IActionOutput Robots.RobotException Robots.RobotLostException
            Robots.RobotProfileException Robots.RobotStateReader
            """,
        ["observers"] = """
            Observers.IObserver Observers.ControllerObservers Observers.FrameTaken Observers.FirstPublished
            Observers.StateRead
            """,
        ["checkpoints"] = """
            Checkpoints.Checkpoint Checkpoints.SafetensorsWriter Checkpoints.CheckpointException
            """,
    };

    [Theory]
    [InlineData(typeof(MonotonicTime))]
    [InlineData(typeof(IPolicy))]
    public void A_package_shows_what_its_users_begin_with_and_what_that_speaks_of(Type ofAssembly)
    {
        using var assemblies = new Assemblies();
        var begin = Beginnings
            .Values.SelectMany(names => names.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
            .ToList();

        var spokenOf = assemblies.SpokenOf(begin);

        var package = ofAssembly.Assembly.GetName().Name!;
        Assert.Equal(
            spokenOf.Where(name => name.StartsWith($"{package}.", StringComparison.Ordinal)).Order(),
            assemblies.Public(package).Order()
        );
    }

    /// <summary>Both packages' types, as they are compiled.</summary>
    private sealed class Assemblies : IDisposable
    {
        private readonly List<AssemblyDefinition> _assemblies =
        [
            AssemblyDefinition.ReadAssembly(typeof(MonotonicTime).Assembly.Location),
            AssemblyDefinition.ReadAssembly(typeof(IPolicy).Assembly.Location),
        ];

        private readonly Dictionary<string, TypeDefinition> _types;

        public Assemblies() =>
            _types = _assemblies
                .SelectMany(assembly => assembly.MainModule.Types)
                .Where(type => type.Namespace.StartsWith("Vla.", StringComparison.Ordinal))
                .ToDictionary(type => type.FullName);

        public IEnumerable<string> Public(string package) =>
            _types
                .Values.Where(type => type.IsPublic && type.Module.Assembly.Name.Name == package)
                .Select(type => type.FullName);

        /// <summary>Those types, and all that their public members name, and so on.</summary>
        public HashSet<string> SpokenOf(IEnumerable<string> begin)
        {
            var known = new HashSet<string>();
            var open = new Queue<string>(begin.Select(Full));
            while (open.TryDequeue(out var name))
            {
                if (!_types.TryGetValue(name, out var type) || !known.Add(name))
                    continue;
                foreach (var next in Named(type))
                    open.Enqueue(next);
            }

            return known;
        }

        public void Dispose() => _assemblies.ForEach(assembly => assembly.Dispose());

        private string Full(string name) =>
            new[] { $"Vla.Sensors.{name}", $"Vla.Actors.{name}" }.SingleOrDefault(_types.ContainsKey)
            ?? throw new InvalidOperationException($"no package has {name}, or both have");

        private static IEnumerable<string> Named(TypeDefinition type)
        {
            List<TypeReference?> found = [type.BaseType];
            if (type.IsInterface)
                found.AddRange(type.Interfaces.Select(one => one.InterfaceType));
            found.AddRange(type.GenericParameters.SelectMany(any => any.Constraints).Select(of => of.ConstraintType));
            found.AddRange(
                type.Fields.Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly)
                    .Select(field => field.FieldType)
            );
            foreach (var method in type.Methods.Where(one => one.IsPublic || one.IsFamily || one.IsFamilyOrAssembly))
            {
                found.Add(method.ReturnType);
                found.AddRange(method.Parameters.Select(parameter => parameter.ParameterType));
                found.AddRange(
                    method.GenericParameters.SelectMany(any => any.Constraints).Select(of => of.ConstraintType)
                );
            }

            var nested = type.NestedTypes.Where(one => one.IsNestedPublic || one.IsNestedFamily).SelectMany(Named);
            return
            [
                .. found
                    .OfType<TypeReference>()
                    .SelectMany(part => part.Parts())
                    .Select(part => part.Outermost().FullName),
                .. nested,
            ];
        }
    }
}
