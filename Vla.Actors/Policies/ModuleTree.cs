using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using TorchSharp.Modules;
using Vla.Actors.Policies.Staged.Kernels;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>Writes a module and what is inside it as PyTorch's <c>print(model)</c> does.</summary>
/// <remarks>
/// Whether a layer works in place is left out, and layers that are run fused appear one by one: the tree shows what is
/// computed, not how.
/// Layers that are not known here appear by their name alone.
/// </remarks>
internal static class ModuleTree
{
    public static string Text(Module module)
    {
        var text = new StringBuilder();
        Append(text, module, indent: 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Module module, int indent)
    {
        const int step = 2;
        if (module is FusedVisionEncoder fused)
            module = fused.Inner;
        text.Append(Name(module)).Append('(').Append(Arguments(module));
        var children = module.named_children().ToList();
        foreach (var (name, child) in children)
        {
            text.Append('\n').Append(' ', indent + step).Append('(').Append(name).Append("): ");
            Append(text, child, indent + step);
        }
        if (children.Count > 0)
            text.Append('\n').Append(' ', indent);
        text.Append(')');
    }

    // The class, without the count of its type parameters: Sequential`2. GetName() has libtorch's name for some.
    private static string Name(Module module) => module.GetType().Name.Split('`')[0];

    private static string Arguments(Module module) =>
        module switch
        {
            Conv2d layer => Conv(layer),
            Linear layer => $"in_features={layer.in_features}, out_features={layer.out_features}, "
                + $"bias={Flag(layer.bias is not null)}",
            Embedding layer => string.Join(", ", layer.weight!.shape),
            LSTM layer => Lstm(layer),
            LayerNorm layer => string.Create(
                CultureInfo.InvariantCulture,
                $"({string.Join(", ", layer.normalized_shape)},), eps={layer.eps:0e-00}, "
                    + $"elementwise_affine={Flag(layer.elementwise_affine)}"
            ),
            BatchNorm2d layer => string.Create(
                CultureInfo.InvariantCulture,
                $"{layer.num_features}, eps={layer.eps:0e-00}, momentum={layer.momentum}, affine={Flag(layer.affine)}, "
            ) + $"track_running_stats={Flag(layer.track_running_stats)}",
            MaxPool2d layer =>
                $"kernel_size={One(layer.kernel_size)}, stride={One(layer.stride ?? layer.kernel_size)}, "
                    + $"padding={One(layer.padding ?? [0])}, dilation={One(layer.dilation ?? [1])}, "
                    + $"ceil_mode={Flag(layer.ceil_mode)}",
            AdaptiveAvgPool2d layer => $"output_size={All(layer.output_size)}",
            Flatten layer => $"start_dim={layer.start_dim}, end_dim={layer.end_dim}",
            Dropout layer => string.Create(CultureInfo.InvariantCulture, $"p={layer.p}, inplace={Flag(layer.inplace)}"),
            _ => "",
        };

    private static string Conv(Conv2d layer)
    {
        var text = new StringBuilder(
            $"{layer.in_channels}, {layer.out_channels}, kernel_size={All(layer.kernel_size)}, "
                + $"stride={All(layer.stride)}"
        );
        // As in PyTorch, what has its default value is not said.
        if (layer.padding is { } padding && padding.Any(size => size != 0))
            text.Append($", padding={All(padding)}");
        if (layer.dilation.Any(size => size != 1))
            text.Append($", dilation={All(layer.dilation)}");
        if (layer.groups != 1)
            text.Append($", groups={layer.groups}");
        if (layer.bias is null)
            text.Append(", bias=False");
        return text.ToString();
    }

    private static string Lstm(LSTM layer)
    {
        var shapes = layer.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.shape);
        var layers = shapes.Keys.Count(name =>
            name.StartsWith("weight_ih_l", StringComparison.Ordinal) && !IsReverse(name)
        );
        var text = new StringBuilder($"{shapes["weight_ih_l0"][1]}, {shapes["weight_hh_l0"][1]}");
        if (layers > 1)
            text.Append($", num_layers={layers}");
        if (BatchFirst(layer))
            text.Append(", batch_first=True");
        if (shapes.Keys.Any(IsReverse))
            text.Append(", bidirectional=True");
        return text.ToString();

        static bool IsReverse(string name) => name.EndsWith("_reverse", StringComparison.Ordinal);
    }

    // TorchSharp keeps this to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_batch_first")]
    private static extern ref bool BatchFirst(LSTM layer);

    private static string All(IEnumerable<long> sizes) => $"({string.Join(", ", sizes)})";

    private static string One(long[] sizes) => sizes.Distinct().Count() == 1 ? $"{sizes[0]}" : All(sizes);

    private static string Flag(bool value) => value ? "True" : "False";
}
