using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.LeRobot;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for LeRobot's SmolVLA: every step by name.</summary>
/// <remarks>
/// The input holds cases, each by a letter: <c>a.tokens</c> and <c>a.mask</c>. Case number i takes row i of pictures,
/// state and noise. <c>a.empty_cameras</c> says how many cameras more show nothing; where no case says so, the first is
/// as the policy is, the second has one more, and so on. With more states than one, the actions that a robot would get
/// call by call are written too (<c>queue</c>), with the words of the first.
/// </remarks>
internal static class SmolVlaForward
{
    private const string Raw = "raw.";
    private const string Tokens = ".tokens";
    private const string Mask = ".mask";
    private const string Empty = ".empty_cameras";
    private const string Noise = "noise";
    private const int Thinned = 4;
    private const int MostEmptyCameras = 16;

    /// <param name="asked">
    /// Its input: <c>raw.CAMERA</c> [count, height, width, 3] of bytes, <c>raw.state</c> [count, n], <c>noise</c>
    /// [count, chunk, size], or pictures and state by feature name; and the cases' tokens and masks [length].
    /// </param>
    public static void Run(ForwardRequest asked)
    {
        var (directory, device, input, output, console) = asked;
        using var scope = NewDisposeScope();
        using var policy = SmolVlaCheckpoint.Load(directory, device);
        using var file = Checkpoint.Open(input);
        var config = policy.Config;
        var pictures = config
            .Features.Cameras.Select(camera =>
                (
                    Key: policy.Processors.NameOf(camera),
                    Tensor: Find(ShortName(camera), policy.Processors.NameOf(camera))
                )
            )
            .Where(one => one.Tensor is not null)
            .ToDictionary(one => one.Key, one => one.Tensor!);
        var states =
            Find("state", LeRobotFeature.State)
            ?? throw new PolicyException($"{input}: has neither {Raw}state nor {LeRobotFeature.State}");
        var noise = file.Tensors.ContainsKey(Noise)
            ? file.ReadTensor(Noise)
            : throw new PolicyException($"{input}: has no {Noise}, the chance that a chunk begins with");
        Require(Noise, noise, [config.ChunkSize, config.ActionSize]);
        ForwardSteps.RequireFinite(file);
        string[] cases =
        [
            .. file
                .Tensors.Keys.Where(name => name.EndsWith(Tokens, StringComparison.Ordinal))
                .Select(name => name[..^Tokens.Length])
                .Order(StringComparer.Ordinal),
        ];
        if (cases.Length == 0)
            throw new PolicyException($"{input}: has no case: a.tokens and a.mask for the first");

        var steps = new ForwardSteps(scope);
        foreach (var (i, name) in cases.Index())
        {
            var chunk = policy.Predict(
                Input(name, i, i) with
                {
                    MoreEmptyCameras = EmptyCameras(name, i),
                },
                Row(noise, i),
                (step, tensor) => Keep($"{name}.{step}", tensor)
            );
            Keep($"{name}.chunk.normalized", chunk);
            Keep($"{name}.chunk", policy.Unnormalise(chunk));
        }

        if (states.shape[0] > 1)
            Select();
        steps.Write(output, console);

        void Keep(string name, Tensor tensor)
        {
            steps.Keep(name, tensor);
            if (!name.Contains(".prepared.", StringComparison.Ordinal))
                return;
            var thinned = tensor.slice(2, 0, tensor.shape[2], Thinned).slice(3, 0, tensor.shape[3], Thinned);
            steps.Keep($"{name}.every{Thinned}", thinned);
        }

        // One action a call; a new chunk, with a noise of its own, when those before are used up.
        void Select()
        {
            var count = states.shape[0];
            var dimensions = config.Features.Action.Count;
            var carriedOut = new StepwiseChunks(config.ChunkSize, dimensions, config.ActionSteps, null);
            var actions = new List<float>();
            var refills = 0;
            for (var call = 0; call < count; call++)
            {
                float[] chunk = [];
                if (carriedOut.WantsChunk)
                    chunk = ChunkValues.Of(policy.Predict(Input(cases[0], call, call), Row(noise, refills++)));
                actions.AddRange(carriedOut.Next(chunk));
            }

            var selected = tensor(actions.ToArray(), [count, dimensions]);
            Keep("queue.select_action.normalized", selected);
            Keep("queue.select_action", policy.Unnormalise(selected.to(device)));
        }

        SmolVlaInput Input(string name, int frame, int state) =>
            new()
            {
                Pictures = pictures.ToDictionary(one => one.Key, one => Row(one.Value, frame)),
                Tokens = One(name + Tokens).to(ScalarType.Int64),
                IsToken = file.Tensors.ContainsKey(name + Mask) ? One(name + Mask) : ones_like(One(name + Tokens)),
                State = Row(states, state),
            };

        int EmptyCameras(string name, int number)
        {
            if (!cases.Any(one => file.Tensors.ContainsKey(one + Empty)))
                return number;
            if (!file.Tensors.TryGetValue(name + Empty, out var entry))
                return 0;
            if (entry.ElementCount != 1)
                throw new PolicyException($"{input}: {name}{Empty} is {entry.ShapeText}, expected is one number");
            var count = file.ReadTensor(name + Empty).to(ScalarType.Int64).item<long>();
            return count is >= 0 and <= MostEmptyCameras
                ? (int)count
                : throw new PolicyException($"{input}: {name}{Empty} is {count}, allowed is 0 to {MostEmptyCameras}");
        }

        Tensor One(string name)
        {
            var tensor = file.ReadTensor(name);
            return tensor.dim() == 1 && tensor.shape[0] > 0
                ? tensor.unsqueeze(0)
                : throw new PolicyException(
                    $"{input}: {name} is [{string.Join(", ", tensor.shape)}], expected is a list"
                );
        }

        Tensor? Find(string name, string feature) =>
            file.Tensors.ContainsKey(Raw + name) ? file.ReadTensor(Raw + name)
            : file.Tensors.ContainsKey(feature) ? file.ReadTensor(feature)
            : null;

        // Row after row, and from the beginning again where there are no more.
        static Tensor Row(Tensor rows, int i) => rows.narrow(0, i % rows.shape[0], 1);

        void Require(string name, Tensor tensor, long[] shape)
        {
            if (
                tensor.dim() != shape.Length + 1
                || !tensor.shape.AsSpan(1).SequenceEqual(shape)
                || tensor.shape[0] == 0
            )
                throw new PolicyException(
                    $"{input}: {name} is [{string.Join(", ", tensor.shape)}], expected is [count, "
                        + $"{string.Join(", ", shape)}]"
                );
        }
    }

    private static string ShortName(LeRobotFeature camera) =>
        camera.Key.StartsWith(PictureNames.Prefix, StringComparison.Ordinal)
            ? camera.Key[PictureNames.Prefix.Length..]
            : camera.Key;
}
