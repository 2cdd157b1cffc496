global using TorchSharp;
global using Xunit;
