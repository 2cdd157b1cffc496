using TorchSharp;
using Vla.Actors.Policies;

namespace Vla.Tests.Project;

/// <summary>
/// No call of Torch may end the process where it could throw an exception: some native functions of TorchSharp let
/// Torch's exceptions through uncaught, and none of those is used.
/// </summary>
public sealed class NativeFailureTests : IDisposable
{
    private const string Listed = "0.107.0";

    private const string NothingThrows = "nothing in it throws";
    private const string RealNumbers = "throws only for complex numbers, which no stage has";
    private const string Moves = "moves what a layer holds: throws only where a device has no memory left";
    private const string OfTheFile = "throws only for a damaged module; TorchScriptFile checks the file before";

    /// <summary>Functions without a catch that may be used, and why.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["THSAutograd_deleteInferenceModeGuard"] = NothingThrows,
        ["THSAutograd_getInferenceModeGuard"] = NothingThrows,
        ["THSAutograd_isGradEnabled"] = NothingThrows,
        ["THSAutograd_isInferenceModeEnabled"] = NothingThrows,
        ["THSAutograd_setGrad"] = NothingThrows,
        ["THSGenerator_dispose"] = NothingThrows,
        ["THSGenerator_default_generator"] = "the processor's generator is always there",
        ["THSGenerator_manual_seed"] = "takes any seed",
        ["THSGenerator_new"] = NothingThrows,
        ["THSJIT_AllocateTensorOrScalarArray"] = NothingThrows,
        ["THSJIT_FreeTensorOrScalarArray"] = NothingThrows,
        ["THSJIT_GetTensorOrScalar"] = NothingThrows,
        ["THSJIT_SetTensorOrScalar"] = NothingThrows,
        ["THSJIT_Module_dispose"] = NothingThrows,
        ["THSJIT_Module_eval"] = OfTheFile,
        ["THSJIT_Module_is_training"] = OfTheFile,
        ["THSJIT_Module_named_attributes"] = OfTheFile,
        ["THSJIT_Module_named_buffers"] = OfTheFile,
        ["THSJIT_Module_named_children"] = OfTheFile,
        ["THSJIT_Module_named_modules"] = OfTheFile,
        ["THSJIT_Module_named_parameters"] = OfTheFile,
        ["THSJIT_Module_to_device"] = Moves,
        ["THSJIT_Module_to_device_dtype"] = Moves,
        ["THSJIT_Module_to_dtype"] = Moves,
        ["THSJIT_Module_train"] = OfTheFile,
        ["THSJIT_Module_zero_grad"] = OfTheFile,
        ["THSNN_Embedding_set_weight"] = NothingThrows,
        ["THSNN_Embedding_weight"] = NothingThrows,
        ["THSNN_AnyModule_dispose"] = NothingThrows,
        ["THSNN_Module_dispose"] = NothingThrows,
        ["THSNN_Module_get_named_buffers"] = NothingThrows,
        ["THSNN_Module_get_named_children"] = NothingThrows,
        ["THSNN_Module_get_named_modules"] = NothingThrows,
        ["THSNN_Module_get_named_parameters"] = NothingThrows,
        ["THSNN_Module_get_parameters"] = NothingThrows,
        ["THSNN_Module_is_training"] = NothingThrows,
        ["THSNN_Module_name"] = NothingThrows,
        ["THSNN_Module_to_device"] = Moves,
        ["THSNN_Module_to_device_dtype"] = Moves,
        ["THSNN_Module_to_dtype"] = Moves,
        ["THSNN_Module_train"] = NothingThrows,
        ["THSNN_Module_zero_grad"] = NothingThrows,
        ["THSNN_Sequential_ctor"] = NothingThrows,
        ["THSTensor_alias"] = NothingThrows,
        ["THSTensor_device_index"] = "throws only for a tensor without content, which TorchSharp does not make",
        ["THSTensor_device_str"] = "throws only for a tensor without content, which TorchSharp does not make",
        ["THSTensor_device_type"] = "throws only for a tensor without content, which TorchSharp does not make",
        ["THSTensor_dispose"] = NothingThrows,
        ["THSTensor_is_sparse"] = NothingThrows,
        ["THSTensor_names"] = "reads the names of dimensions",
        ["THSTorchCuda_device_count"] = NothingThrows,
        ["THSTorchCuda_is_available"] = NothingThrows,
        ["THSTorch_bool_to_scalar"] = NothingThrows,
        ["THSTorch_dispose_scalar"] = NothingThrows,
        ["THSTorch_float32_to_scalar"] = NothingThrows,
        ["THSTorch_float64_to_scalar"] = NothingThrows,
        ["THSTorch_get_and_reset_last_err"] = NothingThrows,
        ["THSTorch_int32_to_scalar"] = NothingThrows,
        ["THSTorch_int64_to_scalar"] = NothingThrows,
        ["THSTorch_manual_seed"] = "takes any seed",
        ["THSTorch_scalar_to_bool"] = RealNumbers,
        ["THSTorch_scalar_to_float64"] = RealNumbers,
        ["THSTorch_scalar_type"] = NothingThrows,
        ["THSTorch_set_num_threads"] = "throws below one thread; TorchThreads refuses that",
    };

    private readonly NativeCalls _calls = new(AppContext.BaseDirectory);
    private readonly HashSet<string> _uncaught =
    [
        .. File.ReadLines(TestData.Path("uncaught-native-functions.txt")).Where(line => !line.StartsWith('#')),
    ];

    public void Dispose() => _calls.Dispose();

    [Theory]
    [InlineData("Vla.Sensors.dll")]
    [InlineData("Vla.Actors.dll")]
    [InlineData("vla.dll")]
    public void Nothing_calls_a_native_function_that_lets_exceptions_through(string assembly)
    {
        var found = _calls
            .Of(assembly)
            .Where(calls => _uncaught.Contains(calls.Key) && !Allowed.ContainsKey(calls.Key));

        Assert.Empty(found.Select(calls => $"{calls.First()}, which reaches {calls.Key}"));
    }

    [Fact]
    public void The_calls_are_read_as_far_as_the_native_library()
    {
        var calls = _calls.Of("Vla.Actors.dll");

        // By a method, an operator, a property, an extension method and a layer's forward.
        foreach (
            var function in (string[])
                ["THSTensor_bmm", "THSTensor_add", "THSTensor_size", "THSNN_Module_to_device", "THSTensor_conv2d"]
        )
            Assert.True(calls[function].Any(), function);
        Assert.True(calls.Count > 100);
    }

    [Theory]
    [InlineData("THSTensor_matmul", nameof(WithMatmul))]
    [InlineData("THSTensor_cummax", nameof(WithFunction))]
    [InlineData("THSTensor_var_along_dimensions", nameof(WithVariance))]
    [InlineData("THSTensor_max_unpool2d", nameof(WithLayer))]
    [InlineData("THSStorage_nbytes", nameof(WithProperty))]
    public void A_call_that_lets_exceptions_through_is_found_with_its_place(string function, string method)
    {
        var found = Assert.Contains(
            function,
            _calls.Of("Vla.Tests.dll").ToDictionary(calls => calls.Key, calls => calls.ToList())
        );

        Assert.Contains(function, _uncaught);
        Assert.Contains(
            found,
            place => place.Contains($"{nameof(NativeFailureTests)}.{method} calls ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_list_is_of_the_version_that_is_used()
    {
        var version = typeof(torch).Assembly.GetName().Version!;

        Assert.Equal(Listed, version.ToString(3));
        Assert.Contains(typeof(IPolicy).Assembly.GetReferencedAssemblies(), name => name.Name == "TorchSharp");
    }

    // Never called: compiled, to be found.
    internal static torch.Tensor WithMatmul(torch.Tensor a) => a.matmul(a);

    internal static torch.Tensor WithFunction(torch.Tensor a) => torch.cummax(a, 0).values;

    internal static torch.Tensor WithVariance(torch.Tensor a) => a.var([0L]);

    internal static torch.nn.Module WithLayer() => torch.nn.MaxUnpool2d(2);

    internal static ulong WithProperty(torch.Tensor a) => a.storage<float>().nbytes();
}
