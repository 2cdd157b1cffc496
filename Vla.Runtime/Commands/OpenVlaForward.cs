using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for OpenVLA: every step by name.</summary>
/// <remarks>
/// The input holds cases by name: <c>case0.image</c> [height, width, 3] of bytes and <c>case0.input_ids</c>, the
/// question's token ids as they are; and <c>table.token_ids</c>, ids whose values are asked for.
/// </remarks>
internal static class OpenVlaForward
{
    private const string Image = ".image";
    private const string Ids = ".input_ids";
    private const string Table = "table.token_ids";

    /// <param name="asked">What is sent through.</param>
    public static void Run(ForwardRequest asked)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var policy = OpenVlaCheckpoint.Open(asked.Directory, asked.Device);
        using var file = Checkpoint.Open(asked.Input);
        var statistics = Statistics(policy.Config, asked);
        var actions = new OpenVlaActions(policy.Config);
        var steps = new ForwardSteps(scope);
        string[] cases =
        [
            .. file
                .Tensors.Keys.Where(name => name.EndsWith(Image, StringComparison.Ordinal))
                .Select(name => name[..^Image.Length])
                .Order(StringComparer.Ordinal),
        ];
        if (cases.Length == 0 && !file.Tensors.ContainsKey(Table))
            throw new PolicyException(
                $"{asked.Input}: has no case: case0{Image} [height, width, 3] of bytes and case0{Ids} for the first"
            );
        steps.Keep("bin_centers", tensor(actions.Centres.ToArray()));
        foreach (var (i, name) in cases.Index())
            Ask(name, isFirst: i == 0);
        if (file.Tensors.ContainsKey(Table))
        {
            var ids = Whole(Table);
            steps.Keep(Table, tensor(ids));
            steps.Keep("table.normalized", tensor(ids.Select(actions.Value).ToArray()));
        }

        steps.Write(asked.Output, asked.Console);

        void Ask(string name, bool isFirst)
        {
            var raw = file.ReadTensor(name + Image);
            if (raw.dtype != ScalarType.Byte || raw.dim() != 3 || raw.shape[2] != 3 || raw.numel() == 0)
                throw ForwardSteps.Wrong(file, name + Image, "bytes [height, width, 3]");
            if (!file.Tensors.ContainsKey(name + Ids))
                throw new PolicyException($"{asked.Input}: has no {name}{Ids}, the question's token ids");
            var ids = Whole(name + Ids);
            steps.Keep(name + Image, raw);
            steps.Keep(name + Ids, tensor(ids, [1, ids.Length]));
            var image = policy.Config.Image;
            var resized = Resize(raw, image);
            steps.Keep($"{name}.image_resized", resized.to(ScalarType.Byte));
            var pixels = Pixels(resized);
            steps.Keep($"{name}.pixel_values", pixels);
            if (isFirst)
            {
                // What the other strategies would show.
                steps.Keep($"{name}.pixel_values_letterbox", Pixels(Resize(raw, policy.Letterboxed())));
                steps.Keep($"{name}.pixel_values_resize_crop", Pixels(Resize(raw, image with { Fit = ImageFit.Crop })));
            }

            var patches = policy.Look(pixels, (step, tensor) => steps.Keep($"{name}.{step}", tensor));
            var tokens = policy.Answer(
                patches,
                ids,
                statistics.Dimensions,
                (step, tensor) => steps.Keep($"{name}.{step}", tensor)
            );
            steps.Keep($"{name}.action_token_ids", tensor(tokens));
            double[] normalised = [.. tokens.Select(actions.Value)];
            steps.Keep($"{name}.action_normalized", tensor(normalised));
            steps.Keep(
                $"{name}.action",
                tensor(normalised.Select((value, i) => statistics.Unnormalise(i, value)).ToArray())
            );
        }

        Tensor Pixels(Tensor resized)
        {
            using Scalar largest = 255;
            var values = (resized.to(asked.Device) / largest).permute(2, 0, 1).unsqueeze(0);
            return policy.Normalise(values);
        }

        long[] Whole(string name)
        {
            var ids = file.ReadTensor(name);
            return ids.is_floating_point() || ids.numel() == 0 || ids.dtype == ScalarType.Bool
                ? throw ForwardSteps.Wrong(file, name, "whole numbers")
                : ids.to(ScalarType.Int64).flatten().contiguous().data<long>().ToArray();
        }
    }

    private static OpenVlaStatistics Statistics(OpenVlaConfig config, ForwardRequest asked)
    {
        var names = string.Join(", ", config.Statistics.Keys.Order(StringComparer.Ordinal));
        if (asked.UnnormKey is { } key)
            return config.Statistics.GetValueOrDefault(key)
                ?? throw new PolicyException(
                    $"{asked.Directory}: has no statistics of '{key}': give --unnorm-key, one of {names}"
                );
        return config.Statistics.Count == 1
            ? config.Statistics.Values.First()
            : throw new PolicyException(
                $"{asked.Directory}: was trained on {config.Statistics.Count} data sets: give --unnorm-key, one of "
                    + names
            );
    }

    // [height, width, 3], 0 to 255, as the policy's cameras are prepared.
    private static Tensor Resize(Tensor raw, ImageSpec image)
    {
        var (height, width) = ((int)raw.shape[0], (int)raw.shape[1]);
        var sampled = new SampledPicture(image).Of(raw.contiguous().bytes, width * 3, width, height);
        return tensor(sampled.ToArray(), [image.Height, image.Width, 3]);
    }
}
