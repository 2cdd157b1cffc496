using TorchSharp;
using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Policies;

public sealed class PrecisionInForceTests
{
    [Theory]
    [InlineData(DeviceType.CPU, false, Precision.Float32, Precision.Float32)]
    [InlineData(DeviceType.CPU, true, Precision.BFloat16, Precision.BFloat16)]
    [InlineData(DeviceType.CUDA, false, Precision.BFloat16, Precision.BFloat16)]
    [InlineData(DeviceType.CUDA, false, Precision.Float16, Precision.Float16)]
    public void Is_the_wanted_one_where_the_device_has_it(
        DeviceType device,
        bool cpuHasBFloat16,
        Precision wanted,
        Precision expected
    ) => Assert.Equal(new PrecisionInForce(expected, ""), PrecisionInForce.On(device, cpuHasBFloat16, wanted));

    [Theory]
    [InlineData(false, Precision.BFloat16, "AVX-512 BF16")]
    [InlineData(true, Precision.Float16, "float16 needs a GPU")]
    public void Is_float32_with_the_reason_where_the_device_lacks_it(
        bool cpuHasBFloat16,
        Precision wanted,
        string reason
    )
    {
        var inForce = PrecisionInForce.On(DeviceType.CPU, cpuHasBFloat16, wanted);

        Assert.Equal(Precision.Float32, inForce.Precision);
        Assert.Contains(reason, inForce.Note, StringComparison.Ordinal);
    }
}
