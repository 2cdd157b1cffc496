using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Decoding;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Language;
using Vla.Actors.Policies.Staged.Vision;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>
/// A stage that moves to a device leaves nothing behind. Torch's device without memory, "meta", is one that every
/// machine has; what computes there only Python knows, so it is looked where each tensor is.
/// </summary>
public sealed class DeviceTests
{
    private static readonly Dictionary<string, Func<Module>> Stages = new()
    {
        ["simple_vision"] = () => new VisionEncoder(8),
        ["spatial"] = () => new SpatialEncoder(8),
        ["resnet18"] = () => new ResNet18(8),
        ["vit"] = () => new VisionTransformer(16, 8, 8, 1, 2),
        ["simple_language"] = () => new LanguageEncoder(10, 8, 8, 8),
        ["bert"] = () => new Bert(10, 6, 8, 1, 2, 8),
        ["gpt2"] = () => new Gpt2(10, 6, 8, 1, 2),
        ["simple_fusion"] = () => new FusionLayer(8, 8, 8),
        ["film"] = () => new FilmFusion(8, 8, 2, 8, 1),
        ["cross_attention"] = () => new CrossAttentionFusion(8, 8, 2, 8, 2, 1, 2),
        ["slot_attention"] = () => new SlotAttentionFusion(8, 8, 2, 2, 2, 8, 2, 2, 8),
        ["simple_decoder"] = () => new ActionDecoder(8, 2),
        ["act"] = () => new ActDecoder(8, 2, 2, 8, 2, 1, 8),
    };

    public static TheoryData<string> Types => [.. Stages.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_stage_moves_whole(string type)
    {
        using var stage = Stages[type]();

        stage.to(META);

        Assert.NotEmpty(stage.named_parameters());
        Assert.All(
            stage.named_parameters(),
            entry => Assert.True(entry.parameter.device.type == DeviceType.META, entry.name)
        );
        Assert.All(
            stage.named_buffers(),
            entry => Assert.True(entry.buffer.device.type == DeviceType.META, entry.name)
        );
    }

    /// <summary>
    /// Also what TorchSharp does not list: buffers that are not stored, and tensors in fields of modules.
    /// </summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Nothing_that_a_stage_keeps_for_itself_stays_behind(string type)
    {
        using var stage = Stages[type]();

        stage.to(META);

        Assert.Empty(stage.named_modules().Prepend(("", stage)).SelectMany(one => LeftBehind(one.Item2)));
    }

    [Fact]
    public void A_constant_is_where_it_is_asked_for()
    {
        using var constant = new DeviceConstant(() => zeros(2, 3));

        Assert.Equal(DeviceType.CPU, constant.On(CPU).device.type);
        Assert.Same(constant.On(CPU), constant.On(CPU));
        Assert.Equal(DeviceType.META, constant.On(META).device.type);
        Assert.Equal([2, 3], constant.On(CPU).shape);
    }

    private static IEnumerable<string> LeftBehind(Module module)
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        for (var type = module.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            foreach (var field in type.GetFields(all | BindingFlags.DeclaredOnly))
            {
                var tensors = field.GetValue(module) switch
                {
                    Tensor tensor => [tensor],
                    IEnumerable<Tensor> several => several,
                    Dictionary<string, (Tensor, bool)> buffers => buffers.Values.Select(one => one.Item1),
                    System.Collections.IDictionary named => named.Values.OfType<ITuple>().SelectMany(Tensors),
                    _ => [],
                };
                foreach (var tensor in tensors.Where(one => !one.IsInvalid && one.device.type != DeviceType.META))
                    yield return $"{module.GetType().Name}.{field.Name} {string.Join(" × ", tensor.shape)}";
            }

        static IEnumerable<Tensor> Tensors(ITuple tuple) =>
            Enumerable.Range(0, tuple.Length).Select(i => tuple[i]).OfType<Tensor>();
    }

    [Fact]
    public void Every_type_of_stage_is_tried() =>
        Assert.Equal(
            VisionTypes
                .All.Keys.Concat(LanguageTypes.All.Keys)
                .Concat(FusionTypes.All.Keys)
                .Concat(DecoderTypes.All.Keys)
                .Where(type => type != StageTypes.TorchScript)
                .Order(StringComparer.Ordinal),
            Stages.Keys.Order(StringComparer.Ordinal)
        );
}
