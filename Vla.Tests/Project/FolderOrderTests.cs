using Mono.Cecil;
using Vla.Actors.Policies;
using Vla.Runtime;
using Vla.Sensors;

namespace Vla.Tests.Project;

/// <summary>
/// Which folder may use which: those further down a list use those above them, and never the other way round.
/// </summary>
public sealed class FolderOrderTests
{
    /// <summary>
    /// Each project's folders, from what knows nothing of the others to what knows all of them; "." is its root.
    /// </summary>
    private static readonly Dictionary<string, string> Orders = new()
    {
        ["Vla.Sensors"] = "Text . Images Videos Cameras Observations Datasets Simulation",
        ["Vla.Actors"] =
            "Torch Checkpoints Pipeline Scheduling Chunks Stages Policies Training Robots Instructions Observations "
            + "Observers "
            + "Control Cameras Wiring Telemetry",
        ["Vla.Runtime"] =
            ". Processes Libraries Networks Registries Settings ServoSimulation Servos "
            + "Composition Simulation Policies Outputs Robots Driving Evaluation Recording "
            + "Teleoperation Learning Bench "
            + "Status Hosting Http Serving Pages Telemetry Doctor Commands",
    };

    /// <summary>Uses against the order that stay, and why.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Vla.Sensors.OpenCvNative uses Vla.Sensors.Cameras.CameraException"] =
            "whoever opens a camera, a video or a picture without OpenCV's library gets the camera's error and exit "
            + "code",
    };

    [Theory]
    [InlineData(typeof(MonotonicTime), "Vla.Sensors")]
    [InlineData(typeof(IPolicy), "Vla.Actors")]
    [InlineData(typeof(ExitCodes), "Vla.Runtime")]
    public void A_folder_uses_only_those_above_it(Type ofAssembly, string project)
    {
        var order = Orders[project].Split(' ');
        var uses = Uses(ofAssembly.Assembly.Location, project).ToList();

        Assert.Equal(
            order.Order(),
            uses.SelectMany(use => new[] { use.User.Folder, use.Used.Folder }).Distinct().Order()
        );
        Assert.Empty(
            uses.Where(use => Array.IndexOf(order, use.User.Folder) < Array.IndexOf(order, use.Used.Folder))
                .Select(use => $"{use.User.Type} uses {use.Used.Type}")
                .Distinct()
                .Except(Exceptions.Keys)
        );
    }

    [Fact]
    public void A_use_against_the_order_is_found()
    {
        var uses = Uses(typeof(IPolicy).Assembly.Location, "Vla.Actors")
            .Select(use => $"{use.User.Type} uses {use.Used.Type}")
            .ToHashSet();

        // By a base class, a field, a parameter, a body, and what is given to a generic type.
        Assert.Contains("Vla.Actors.Policies.HangException uses Vla.Actors.Policies.PolicyException", uses);
        Assert.Contains("Vla.Actors.Wiring.PipelineParts uses Vla.Actors.Control.ControlLoop", uses);
        Assert.Contains("Vla.Actors.Cameras.CameraWatch uses Vla.Actors.Control.ControlLoop", uses);
        Assert.Contains("Vla.Actors.Wiring.PipelineConfig uses Vla.Actors.Scheduling.StageDispatcher", uses);
    }

    private static IEnumerable<(Place User, Place Used)> Uses(string file, string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(file);
        return
        [
            .. from type in assembly.MainModule.Types.WithNested()
            from used in Mentioned(type).SelectMany(part => part.Parts())
            where Place.Of(type, project) is not null && Place.Of(used, project) is not null
            let use = (User: Place.Of(type, project)!, Used: Place.Of(used, project)!)
            where use.User.Type != use.Used.Type
            group use by use into same
            select same.Key,
        ];
    }

    private static List<TypeReference> Mentioned(TypeDefinition type)
    {
        List<TypeReference?> found = [type.BaseType];
        found.AddRange(type.Interfaces.Select(implemented => implemented.InterfaceType));
        found.AddRange(type.Fields.Select(field => field.FieldType));
        found.AddRange(type.CustomAttributes.Select(attribute => attribute.AttributeType));
        foreach (var method in type.Methods)
        {
            found.Add(method.ReturnType);
            found.AddRange(method.Parameters.Select(parameter => parameter.ParameterType));
            found.AddRange(
                method
                    .GenericParameters.SelectMany(any => any.Constraints)
                    .Select(constraint => constraint.ConstraintType)
            );
            if (!method.HasBody)
                continue;
            found.AddRange(method.Body.Variables.Select(variable => variable.VariableType));
            found.AddRange(method.Body.ExceptionHandlers.Select(handler => handler.CatchType));
            foreach (var operand in method.Body.Instructions.Select(instruction => instruction.Operand))
                found.AddRange(In(operand));
        }

        return [.. found.OfType<TypeReference>()];
    }

    private static IEnumerable<TypeReference> In(object? operand) =>
        operand switch
        {
            TypeReference type => [type],
            GenericInstanceMethod method => [.. In(method.ElementMethod), .. method.GenericArguments],
            MethodReference method =>
            [
                method.DeclaringType,
                method.ReturnType,
                .. method.Parameters.Select(parameter => parameter.ParameterType),
            ],
            FieldReference field => [field.DeclaringType, field.FieldType],
            _ => [],
        };

    /// <summary>A type that is not nested, and the folder of its project that it lies in.</summary>
    private sealed record Place(string Type, string Folder)
    {
        public static Place? Of(TypeReference type, string project)
        {
            type = type.Outermost();
            if (type.Namespace == project)
                return new Place(type.FullName, ".");
            return type.Namespace.StartsWith(project + ".", StringComparison.Ordinal)
                ? new Place(type.FullName, type.Namespace[(project.Length + 1)..].Split('.')[0])
                : null;
        }
    }
}
