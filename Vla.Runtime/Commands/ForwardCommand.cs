using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Vla.Actors.Checkpoints;
using Vla.Actors.Instructions;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using Vla.Runtime.Hosting;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla forward</c>: one input through a model, with what every stage gives (the notebook's sections 5 and 6).
/// </summary>
internal static class ForwardCommand
{
    /// <summary>Actions of a batch that are printed, as in the notebook.</summary>
    private const int ShownActions = 2;

    /// <summary>Of a large policy on a small machine, with a large batch.</summary>
    private static readonly TimeSpan PassBound = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        var policy = PolicyOptions.Policy();
        var device = PolicyOptions.Device();
        var libraries = PolicyOptions.Libraries();
        var image = Text(
            "--image",
            "FILE",
            "A picture (PNG, JPEG, …), prepared as the camera's are; with --instruction"
        );
        var instruction = Text("--instruction", "TEXT", "What the robot should do, in plain words; with --image");
        var input = Text(
            "--input",
            "FILE.safetensors",
            "Instead: image [batch, 3, height, width] and text [batch, sequence]; for a policy of another "
                + "family its own inputs by name (docs/policies.md)"
        );
        var output = Text(
            "--output",
            "FILE.safetensors",
            "Write every step there: vision_features, language_features, fused_features and action; for a "
                + "policy of another family its own steps"
        );
        var unnormKey = Text(
            "--unnorm-key",
            "NAME",
            "The data set whose statistics bring an OpenVLA's actions to the robot's units"
        );
        var figure = Text("--figure", "FILE.png", "Draw the features' histograms and the action there");
        var command = new Command("forward", "Send one input through a policy's model and show every stage's result.")
        {
            policy,
            device,
            libraries,
            image,
            instruction,
            input,
            output,
            unnormKey,
            figure,
        };
        command.SetAction(result =>
        {
            var given = (
                Image: result.GetValue(image),
                Instruction: result.GetValue(instruction),
                Input: result.GetValue(input)
            );
            if (given is not ((not null, not null, null) or (null, null, not null)))
                throw new UsageException("give either --image and --instruction, or --input");
            PolicyOptions.Register(result, libraries);
            var directory = PolicyOptions.Directory(result, policy);
            var family = FamilyForward.Of(directory);
            if (result.GetValue(unnormKey) is not null && family is not { TakesUnnormKey: true })
                throw new UsageException("this policy has no data sets to choose from: leave --unnorm-key out");
            if (family is not null)
            {
                if (result.GetValue(figure) is not null)
                    throw new UsageException(
                        "--figure draws the four stages of a policy of Vla's own: leave it out; --output has every "
                            + "step of this one"
                    );
                var asked = new ForwardRequest(
                    directory,
                    TorchDevice.Select(result.GetValue(device)!),
                    given.Input
                        ?? throw new UsageException(
                            "this policy takes several inputs: give them by name in a file, --input FILE.safetensors "
                                + "(docs/policies.md)"
                        ),
                    result.GetValue(output),
                    result.InvocationConfiguration.Output
                )
                {
                    UnnormKey = result.GetValue(unnormKey),
                };
                return BoundedWork.Run(
                    "one pass through the policy",
                    PassBound,
                    () =>
                    {
                        family.Run(asked);
                        return ExitCodes.Success;
                    }
                );
            }

            var loaded = BoundedWork.Run(
                "loading the policy",
                BoundedWork.Bound,
                () => StagedPolicy.Load(result.GetValue(policy)!)
            );
            return BoundedWork.Run("one pass through the policy", PassBound, () => Pass(result, loaded));
        });
        return command;

        int Pass(ParseResult result, StagedPolicy loaded)
        {
            var given = (
                Image: result.GetValue(image),
                Instruction: result.GetValue(instruction),
                Input: result.GetValue(input)
            );
            var torchDevice = TorchDevice.Select(result.GetValue(device)!);
            using var scope = NewDisposeScope();
            using var model = loaded.CreateModel(torchDevice);
            using var what = given.Input is { } file
                ? ForwardInput.FromFile(loaded, file)
                : ForwardInput.FromImage(loaded, given.Image!, given.Instruction!);
            if (given.Instruction is { } said && loaded.ReadWords(said) is { Unknown: { Count: > 0 } unknown })
                result.InvocationConfiguration.Error.WriteLine(InstructionCheck.Unknown(unknown));
            var features = what.Run(model, torchDevice);
            if (result.GetValue(output) is { } safetensors)
                SafetensorsWriter.Write(safetensors, features);
            if (result.GetValue(figure) is { } png)
                ForwardFigure.Save(png, features, loaded.Action.Names);
            Write(result.InvocationConfiguration.Output, loaded, what, features);
            return ExitCodes.Success;
        }
    }

    private static Option<string?> Text(string name, string help, string description) =>
        new(name) { HelpName = help, Description = description };

    private static void Write(
        TextWriter output,
        StagedPolicy policy,
        ForwardInput input,
        IReadOnlyDictionary<string, Tensor> features
    )
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Tensor", "Shape", "Lowest", "Highest");
        foreach (
            var (name, tensor) in new[]
            {
                KeyValuePair.Create("image", input.Image),
                KeyValuePair.Create("text", input.Text),
            }.Concat(features)
        )
        {
            var (lowest, highest) = Range(tensor);
            AddRow(table, name, $"[{string.Join(", ", tensor.shape)}]", lowest, highest);
        }
        console.Write(table);

        var action = features["action"];
        for (long i = 0; i < Math.Min(ShownActions, action.shape[0]); i++)
            console.Write(
                Action(policy, i, action.shape[0], action.select(0, i).flatten().contiguous().data<float>().ToArray())
            );
        if (policy.Info.Note.Length > 0)
            output.WriteLine(policy.Info.Note);
    }

    private static Table Action(StagedPolicy policy, long index, long count, float[] normalised)
    {
        var spec = policy.Action;
        var physical = (float[])normalised.Clone();
        spec.Unnormalise(physical);
        var of = count > 1 ? $" {index + 1} of {count}" : "";
        var first = spec.Horizon > 1 ? $", the first of {spec.Horizon}" : "";
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(new TableTitle($"Action{of}{first}"))
            .AddColumns("Dimension", "Normalised", "Physical", "Unit");
        for (var i = 0; i < spec.Dimensions; i++)
            AddRow(table, spec.Names[i], Number(normalised[i]), Number(physical[i]), spec.Units[i]);
        return table;
    }

    private static (string Lowest, string Highest) Range(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.dtype == ScalarType.Int64
            ? (
                tensor.min().item<long>().ToString(CultureInfo.InvariantCulture),
                tensor.max().item<long>().ToString(CultureInfo.InvariantCulture)
            )
            : (Number(tensor.min().item<float>()), Number(tensor.max().item<float>()));
    }

    private static string Number(float value) => value.ToString("F4", CultureInfo.InvariantCulture);

    // Text, not markup: names come from files and may hold brackets.
    private static void AddRow(Table table, params string[] cells) =>
        table.AddRow(cells.Select(cell => new Text(cell)));
}
